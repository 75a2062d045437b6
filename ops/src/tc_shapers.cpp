#include "tc_shapers.hpp"

#include <algorithm>

namespace netherd::ops {

namespace {

using engine::Attributes;
using engine::AttributeView;
using engine::MessageWriter;

void put_table(MessageWriter& writer, std::uint16_t attribute, const TcRate& rate) noexcept {
  const auto table = rate.table();
  writer.put_bytes(attribute, std::as_bytes(std::span{table}));
}

void put_rate64(MessageWriter& writer, std::uint16_t attribute, const TcRate& rate) noexcept {
  if (rate.needs_64_bits()) writer.put_u64(attribute, rate.bytes_per_second);
}

/// In bits, which tc divides by eight again.
void describe_rate(CommandText& command, std::string_view keyword, std::uint64_t bits_per_second) {
  command.option(keyword, std::to_string(bits_per_second) + "bit");
}

/// The rate in bits, from where it fits.
std::uint64_t rate_from(const tc_ratespec& spec, const std::optional<std::uint64_t>& rate64) noexcept {
  return rate64.value_or(spec.rate) * bits_per_byte;
}

// ---- tbf ----

TcRate rate_of(const Tbf& tbf) noexcept { return {tbf.rate / bits_per_byte, tbf.mtu, tbf.mpu, tbf.overhead}; }
TcRate peak_of(const Tbf& tbf) noexcept { return {tbf.peakrate / bits_per_byte, tbf.mtu, tbf.mpu, tbf.overhead}; }

/// What arrives during the latency beyond the burst, but no more than the peak rate lets pass.
std::uint32_t limit_of(const Tbf& tbf) noexcept {
  if (tbf.limit != 0 || !tbf.latency) return tbf.limit;
  const double seconds = static_cast<double>(tbf.latency->count()) / 1e6;
  double limit = static_cast<double>(rate_of(tbf).bytes_per_second) * seconds + tbf.burst;
  if (tbf.peakrate != 0) {
    const double at_peak = static_cast<double>(peak_of(tbf).bytes_per_second) * seconds + tbf.mtu;
    limit = std::min(limit, at_peak);
  }
  return static_cast<std::uint32_t>(limit);
}

/// The ticks are those at rates of 32 bits, as tc has them; above that the kernel goes by TCA_TBF_BURST and PBURST.
tc_tbf_qopt parameters_of(const Tbf& tbf) noexcept {
  tc_tbf_qopt parameters{};
  parameters.rate = rate_of(tbf).spec();
  parameters.limit = limit_of(tbf);
  parameters.buffer = transmission_ticks(parameters.rate.rate, tbf.burst);
  if (tbf.peakrate != 0) {
    parameters.peakrate = peak_of(tbf).spec();
    parameters.mtu = transmission_ticks(parameters.peakrate.rate, tbf.mtu);
  }
  return parameters;
}

// ---- htb ----

TcRate rate_of(const HtbClass& htb) noexcept { return {htb.rate / bits_per_byte, htb.mtu, htb.mpu, htb.overhead}; }
TcRate ceil_of(const HtbClass& htb) noexcept {
  return {(htb.ceil == 0 ? htb.rate : htb.ceil) / bits_per_byte, htb.mtu, htb.mpu, htb.overhead};
}

/// Enough for one timer interrupt, and a packet.
std::uint32_t usual_burst(const TcRate& rate) noexcept {
  return static_cast<std::uint32_t>(rate.bytes_per_second / TcClock::system().hertz) + rate.mtu;
}

tc_htb_opt parameters_of(const HtbClass& htb) noexcept {
  const TcRate rate = rate_of(htb);
  const TcRate ceil = ceil_of(htb);
  tc_htb_opt parameters{};
  parameters.rate = rate.spec();
  parameters.ceil = ceil.spec();
  parameters.buffer = transmission_ticks(rate.bytes_per_second, htb.burst.value_or(usual_burst(rate)));
  parameters.cbuffer = transmission_ticks(ceil.bytes_per_second, htb.cburst.value_or(usual_burst(ceil)));
  parameters.quantum = htb.quantum;
  parameters.prio = htb.prio;
  return parameters;
}

}  // namespace

void TcFormat<Tbf>::put(MessageWriter& writer, const Tbf& tbf) noexcept {
  put_options(writer, [&] {
    writer.put_struct(TCA_TBF_PARMS, parameters_of(tbf));
    writer.put_u32(TCA_TBF_BURST, tbf.burst);
    put_rate64(writer, TCA_TBF_RATE64, rate_of(tbf));
    put_table(writer, TCA_TBF_RTAB, rate_of(tbf));
    if (tbf.peakrate == 0) return;
    put_rate64(writer, TCA_TBF_PRATE64, peak_of(tbf));
    writer.put_u32(TCA_TBF_PBURST, tbf.mtu);
    put_table(writer, TCA_TBF_PTAB, peak_of(tbf));
  });
}

void TcFormat<Tbf>::describe(CommandText& command, const Tbf& tbf) {
  describe_rate(command, "rate", tbf.rate);
  command.number("burst", tbf.burst);
  if (tbf.limit != 0) command.number("limit", tbf.limit);
  if (tbf.limit == 0 && tbf.latency) command.option("latency", std::to_string(tbf.latency->count()) + "us");
  if (tbf.peakrate != 0) describe_rate(command, "peakrate", tbf.peakrate);
  if (tbf.mtu != 0) command.number("mtu", tbf.mtu);
  if (tbf.mpu != 0) command.number("mpu", tbf.mpu);
  if (tbf.overhead != 0) command.number("overhead", tbf.overhead);
}

bool TcFormat<Tbf>::read(Tbf& tbf, std::span<const std::byte> options) noexcept {
  std::optional<tc_tbf_qopt> parameters;
  std::optional<std::uint64_t> rate64;
  std::optional<std::uint64_t> peak64;
  for (const AttributeView part : Attributes{options}) {
    if (part.type() == TCA_TBF_PARMS) parameters = part.as<tc_tbf_qopt>();
    if (part.type() == TCA_TBF_RATE64) rate64 = part.as<std::uint64_t>();
    if (part.type() == TCA_TBF_PRATE64) peak64 = part.as<std::uint64_t>();
  }
  if (!parameters) return false;
  tbf.rate = rate_from(parameters->rate, rate64);
  tbf.burst = bytes_in_ticks(tbf.rate / bits_per_byte, parameters->buffer);
  tbf.limit = parameters->limit;
  tbf.peakrate = rate_from(parameters->peakrate, peak64);
  if (tbf.peakrate != 0) tbf.mtu = bytes_in_ticks(tbf.peakrate / bits_per_byte, parameters->mtu);
  tbf.mpu = parameters->rate.mpu;
  tbf.overhead = parameters->rate.overhead;
  return true;
}

void TcFormat<Htb>::put(MessageWriter& writer, const Htb& htb) noexcept {
  tc_htb_glob parameters{};
  parameters.version = 3;  // of the protocol between htb and its user, since Linux 2.4.20
  parameters.rate2quantum = htb.r2q;
  parameters.defcls = htb.default_class;
  put_options(writer, [&] {
    writer.put_struct(TCA_HTB_INIT, parameters);
    if (htb.direct_qlen) writer.put_u32(TCA_HTB_DIRECT_QLEN, *htb.direct_qlen);
  });
}

void TcFormat<Htb>::describe(CommandText& command, const Htb& htb) {
  if (htb.default_class != 0) command.hexadecimal("default", htb.default_class);
  if (htb.r2q != Htb{}.r2q) command.number("r2q", htb.r2q);
  if (htb.direct_qlen) command.number("direct_qlen", *htb.direct_qlen);
}

bool TcFormat<Htb>::read(Htb& htb, std::span<const std::byte> options) noexcept {
  std::optional<tc_htb_glob> parameters;
  for (const AttributeView part : Attributes{options}) {
    if (part.type() == TCA_HTB_INIT) parameters = part.as<tc_htb_glob>();
    if (part.type() == TCA_HTB_DIRECT_QLEN) htb.direct_qlen = part.as<std::uint32_t>();
  }
  if (!parameters) return false;
  htb.default_class = static_cast<std::uint16_t>(parameters->defcls);
  htb.r2q = parameters->rate2quantum;
  htb.direct_packets = parameters->direct_pkts;
  return true;
}

void TcFormat<HtbClass>::put(MessageWriter& writer, const HtbClass& htb) noexcept {
  put_options(writer, [&] {
    put_rate64(writer, TCA_HTB_RATE64, rate_of(htb));
    put_rate64(writer, TCA_HTB_CEIL64, ceil_of(htb));
    writer.put_struct(TCA_HTB_PARMS, parameters_of(htb));
    put_table(writer, TCA_HTB_RTAB, rate_of(htb));
    put_table(writer, TCA_HTB_CTAB, ceil_of(htb));
  });
}

void TcFormat<HtbClass>::describe(CommandText& command, const HtbClass& htb) {
  const HtbClass defaults;
  describe_rate(command, "rate", htb.rate);
  if (htb.ceil != 0) describe_rate(command, "ceil", htb.ceil);
  if (htb.burst) command.number("burst", *htb.burst);
  if (htb.cburst) command.number("cburst", *htb.cburst);
  if (htb.prio != 0) command.number("prio", htb.prio);
  if (htb.quantum != 0) command.number("quantum", htb.quantum);
  if (htb.mtu != defaults.mtu) command.number("mtu", htb.mtu);
  if (htb.mpu != 0) command.number("mpu", htb.mpu);
  if (htb.overhead != 0) command.number("overhead", htb.overhead);
}

bool TcFormat<HtbClass>::read(HtbClass& htb, std::span<const std::byte> options) noexcept {
  std::optional<tc_htb_opt> parameters;
  std::optional<std::uint64_t> rate64;
  std::optional<std::uint64_t> ceil64;
  for (const AttributeView part : Attributes{options}) {
    if (part.type() == TCA_HTB_PARMS) parameters = part.as<tc_htb_opt>();
    if (part.type() == TCA_HTB_RATE64) rate64 = part.as<std::uint64_t>();
    if (part.type() == TCA_HTB_CEIL64) ceil64 = part.as<std::uint64_t>();
  }
  if (!parameters) return false;
  htb.rate = rate_from(parameters->rate, rate64);
  htb.ceil = rate_from(parameters->ceil, ceil64);
  htb.burst = bytes_in_ticks(htb.rate / bits_per_byte, parameters->buffer);
  htb.cburst = bytes_in_ticks(htb.ceil / bits_per_byte, parameters->cbuffer);
  htb.prio = parameters->prio;
  htb.quantum = parameters->quantum;
  htb.mpu = parameters->rate.mpu;
  htb.overhead = parameters->rate.overhead;
  return true;
}

}  // namespace netherd::ops
