#include "tc_netem.hpp"

namespace netherd::ops {

namespace {

using engine::Attributes;
using engine::AttributeView;
using engine::MessageWriter;

std::uint32_t ticks_of(std::chrono::microseconds time) noexcept {
  return ops::ticks_of(static_cast<double>(time.count()));
}

const NetemChance* independent_loss(const Netem& netem) noexcept { return std::get_if<NetemChance>(&netem.loss); }

/// What every netem starts its options with; attributes follow, in the same TCA_OPTIONS.
tc_netem_qopt parameters_of(const Netem& netem) noexcept {
  tc_netem_qopt parameters{};
  parameters.latency = ticks_of(netem.delay);
  parameters.jitter = ticks_of(netem.jitter);
  parameters.limit = netem.limit;
  if (const NetemChance* loss = independent_loss(netem)) parameters.loss = wire_probability(loss->probability);
  parameters.duplicate = wire_probability(netem.duplicate.probability);
  const bool reorders = netem.reorder.probability.value > 0;
  parameters.gap = reorders && netem.gap == 0 ? 1 : netem.gap;
  return parameters;
}

tc_netem_corr correlations_of(const Netem& netem) noexcept {
  tc_netem_corr correlations{};
  correlations.delay_corr = wire_probability(netem.delay_correlation);
  if (const NetemChance* loss = independent_loss(netem)) correlations.loss_corr = wire_probability(loss->correlation);
  correlations.dup_corr = wire_probability(netem.duplicate.correlation);
  return correlations;
}

/// Chance and correlation, in two numbers: the structures of reordering and corruption are alike.
void put_chance(MessageWriter& writer, std::uint16_t attribute, const NetemChance& chance) noexcept {
  if (chance == NetemChance{}) return;
  writer.put_struct(attribute,
                    tc_netem_reorder{wire_probability(chance.probability), wire_probability(chance.correlation)});
}

void put_loss_model(MessageWriter& writer, const NetemLossState& states) noexcept {
  tc_netem_gimodel model{};
  model.p13 = wire_probability(states.p13);
  model.p31 = wire_probability(states.p31);
  model.p32 = wire_probability(states.p32);
  model.p14 = wire_probability(states.p14);
  model.p23 = wire_probability(states.p23);
  writer.put_struct(NETEM_LOSS_GI, model);
}

void put_loss_model(MessageWriter& writer, const NetemLossGemodel& gilbert_elliot) noexcept {
  tc_netem_gemodel model{};
  model.p = wire_probability(gilbert_elliot.p);
  model.r = wire_probability(gilbert_elliot.r);
  model.h = UINT32_MAX - wire_probability(gilbert_elliot.loss_in_bad);
  model.k1 = wire_probability(gilbert_elliot.loss_in_good);
  writer.put_struct(NETEM_LOSS_GE, model);
}

void put_loss_model(MessageWriter& writer, const Netem& netem) noexcept {
  if (independent_loss(netem) != nullptr) return;
  const auto nest = writer.begin_nest(TCA_NETEM_LOSS);
  if (const auto* states = std::get_if<NetemLossState>(&netem.loss)) put_loss_model(writer, *states);
  if (const auto* model = std::get_if<NetemLossGemodel>(&netem.loss)) put_loss_model(writer, *model);
  writer.end_nest(nest);
}

void put_rate(MessageWriter& writer, const Netem& netem) noexcept {
  if (netem.rate == 0) return;
  const std::uint64_t bytes = netem.rate / bits_per_byte;
  if (bytes > UINT32_MAX) writer.put_u64(TCA_NETEM_RATE64, bytes);
  tc_netem_rate rate{};
  rate.rate = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, UINT32_MAX));
  rate.packet_overhead = netem.packet_overhead;
  rate.cell_size = netem.cell_size;
  rate.cell_overhead = netem.cell_overhead;
  writer.put_struct(TCA_NETEM_RATE, rate);
}

bool has_spread_slot(const Netem& netem) noexcept {
  return netem.slot_delay.count() != 0 || netem.slot_jitter.count() != 0;
}
bool has_slot(const Netem& netem) noexcept {
  return netem.slot_min.count() != 0 || netem.slot_max.count() != 0 || has_spread_slot(netem);
}

void put_table(MessageWriter& writer, std::uint16_t attribute, const DelayTable& table) noexcept {
  if (!table.values.empty()) writer.put_bytes(attribute, std::as_bytes(std::span{table.values}));
}

void put_slot(MessageWriter& writer, const Netem& netem) noexcept {
  if (!has_slot(netem)) return;
  tc_netem_slot slot{};
  slot.min_delay = netem.slot_min.count();
  slot.max_delay = netem.slot_max.count();
  slot.max_packets = netem.slot_packets;
  slot.max_bytes = netem.slot_bytes;
  slot.dist_delay = netem.slot_delay.count();
  slot.dist_jitter = netem.slot_jitter.count();
  writer.put_struct(TCA_NETEM_SLOT, slot);
}

std::string text_of(std::chrono::microseconds time) { return std::to_string(time.count()) + "us"; }
std::string text_of(std::chrono::nanoseconds time) { return std::to_string(time.count()) + "ns"; }

void describe_chance(CommandText& command, std::string_view keyword, const NetemChance& chance) {
  if (chance == NetemChance{}) return;
  command.option(keyword, describe_probability(chance.probability));
  if (chance.correlation != Probability{}) command.word(describe_probability(chance.correlation));
}

void describe_delay(CommandText& command, const Netem& netem) {
  const bool correlated = netem.delay_correlation != Probability{};
  const bool jitters = netem.jitter.count() != 0 || correlated;
  if (netem.delay.count() == 0 && !jitters) return;
  command.option("delay", text_of(netem.delay));
  if (jitters) command.word(text_of(netem.jitter));
  if (correlated) command.word(describe_probability(netem.delay_correlation));
  command.option("distribution", netem.distribution.name);
}

void describe_loss(CommandText& command, const Netem& netem) {
  if (const NetemChance* loss = independent_loss(netem)) return describe_chance(command, "loss", *loss);
  const auto words = [&](std::string_view model, std::initializer_list<Probability> probabilities) {
    command.word("loss").word(model);
    for (const Probability& probability : probabilities) command.word(describe_probability(probability));
  };
  if (const auto* states = std::get_if<NetemLossState>(&netem.loss)) {
    words("state", {states->p13, states->p31, states->p32, states->p23, states->p14});
  } else if (const auto* model = std::get_if<NetemLossGemodel>(&netem.loss)) {
    words("gemodel", {model->p, model->r, model->loss_in_bad, model->loss_in_good});
  }
}

void describe_rate(CommandText& command, const Netem& netem) {
  if (netem.rate == 0) return;
  command.option("rate", std::to_string(netem.rate) + "bit");
  if (netem.packet_overhead == 0 && netem.cell_size == 0 && netem.cell_overhead == 0) return;
  command.word(std::to_string(netem.packet_overhead)).word(std::to_string(netem.cell_size));
  command.word(std::to_string(netem.cell_overhead));
}

void describe_slot(CommandText& command, const Netem& netem) {
  if (!has_slot(netem)) return;
  if (has_spread_slot(netem)) {
    command.word("slot distribution").word(netem.slot_distribution.name);
    command.word(text_of(netem.slot_delay)).word(text_of(netem.slot_jitter));
  } else {
    command.option("slot", text_of(netem.slot_min)).word(text_of(netem.slot_max));
  }
  if (netem.slot_packets != 0) command.number("packets", netem.slot_packets);
  if (netem.slot_bytes != 0) command.number("bytes", netem.slot_bytes);
}

NetemChance read_chance(const AttributeView& attribute) noexcept {
  const auto chance = attribute.as<tc_netem_reorder>();
  if (!chance) return {};
  return {read_probability(chance->probability), read_probability(chance->correlation)};
}

void read_loss_model(Netem& netem, const AttributeView& nest) noexcept {
  for (const AttributeView part : Attributes{nest.payload()}) {
    const auto states = part.as<tc_netem_gimodel>();
    if (part.type() == NETEM_LOSS_GI && states) {
      netem.loss = NetemLossState{.p13 = read_probability(states->p13),
                                  .p31 = read_probability(states->p31),
                                  .p32 = read_probability(states->p32),
                                  .p23 = read_probability(states->p23),
                                  .p14 = read_probability(states->p14)};
    }
    const auto model = part.as<tc_netem_gemodel>();
    if (part.type() == NETEM_LOSS_GE && model) {
      netem.loss = NetemLossGemodel{.p = read_probability(model->p),
                                    .r = read_probability(model->r),
                                    .loss_in_bad = read_probability(UINT32_MAX - model->h),
                                    .loss_in_good = read_probability(model->k1)};
    }
  }
}

void read_correlations(Netem& netem, const AttributeView& attribute) noexcept {
  const auto correlations = attribute.as<tc_netem_corr>();
  if (!correlations) return;
  netem.delay_correlation = read_probability(correlations->delay_corr);
  netem.duplicate.correlation = read_probability(correlations->dup_corr);
  if (auto* loss = std::get_if<NetemChance>(&netem.loss)) loss->correlation = read_probability(correlations->loss_corr);
}

void read_rate(Netem& netem, const AttributeView& attribute) noexcept {
  const auto rate = attribute.as<tc_netem_rate>();
  if (!rate) return;
  if (netem.rate == 0) netem.rate = rate->rate * bits_per_byte;  // else there was TCA_NETEM_RATE64 already
  netem.packet_overhead = rate->packet_overhead;
  netem.cell_size = rate->cell_size;
  netem.cell_overhead = rate->cell_overhead;
}

void read_slot(Netem& netem, const AttributeView& attribute) noexcept {
  const auto slot = attribute.as<tc_netem_slot>();
  if (!slot) return;
  netem.slot_min = std::chrono::nanoseconds{slot->min_delay};
  netem.slot_max = std::chrono::nanoseconds{slot->max_delay};
  netem.slot_packets = slot->max_packets;
  netem.slot_bytes = slot->max_bytes;
  netem.slot_delay = std::chrono::nanoseconds{slot->dist_delay};
  netem.slot_jitter = std::chrono::nanoseconds{slot->dist_jitter};
}

/// The kernel's 64-bit nanoseconds, more exact than the ticks.
std::chrono::microseconds read_nanoseconds(const AttributeView& attribute) noexcept {
  const std::chrono::nanoseconds time{attribute.as<std::int64_t>().value_or(0)};
  return std::chrono::duration_cast<std::chrono::microseconds>(time);
}

void read_attribute(Netem& netem, const AttributeView& attribute) noexcept {
  switch (attribute.type()) {
    case TCA_NETEM_CORR:
      return read_correlations(netem, attribute);
    case TCA_NETEM_REORDER:
      netem.reorder = read_chance(attribute);
      return;
    case TCA_NETEM_CORRUPT:
      netem.corrupt = read_chance(attribute);
      return;
    case TCA_NETEM_LOSS:
      return read_loss_model(netem, attribute);
    case TCA_NETEM_RATE64:
      netem.rate = attribute.as<std::uint64_t>().value_or(0) * bits_per_byte;
      return;
    case TCA_NETEM_RATE:
      return read_rate(netem, attribute);
    case TCA_NETEM_LATENCY64:
      netem.delay = read_nanoseconds(attribute);
      return;
    case TCA_NETEM_JITTER64:
      netem.jitter = read_nanoseconds(attribute);
      return;
    case TCA_NETEM_SLOT:
      return read_slot(netem, attribute);
    case TCA_NETEM_ECN:
      netem.ecn = attribute.as<std::uint32_t>().value_or(0) != 0;
      return;
    default:
      return;
  }
}

}  // namespace

void TcFormat<Netem>::put(MessageWriter& writer, const Netem& netem) noexcept {
  put_options(writer, [&] {
    writer.put_raw(parameters_of(netem));
    const tc_netem_corr correlations = correlations_of(netem);
    const bool correlated = (correlations.delay_corr | correlations.loss_corr | correlations.dup_corr) != 0;
    if (correlated) writer.put_struct(TCA_NETEM_CORR, correlations);
    put_chance(writer, TCA_NETEM_REORDER, netem.reorder);
    put_chance(writer, TCA_NETEM_CORRUPT, netem.corrupt);
    if (netem.ecn) writer.put_u32(TCA_NETEM_ECN, 1);
    put_loss_model(writer, netem);
    put_rate(writer, netem);
    put_slot(writer, netem);
    put_table(writer, TCA_NETEM_DELAY_DIST, netem.distribution);
    put_table(writer, TCA_NETEM_SLOT_DIST, netem.slot_distribution);
  });
}

void TcFormat<Netem>::describe(CommandText& command, const Netem& netem) {
  if (netem.limit != Netem{}.limit) command.number("limit", netem.limit);
  describe_delay(command, netem);
  describe_loss(command, netem);
  describe_chance(command, "duplicate", netem.duplicate);
  describe_chance(command, "reorder", netem.reorder);
  if (netem.gap != 0) command.number("gap", netem.gap);
  describe_chance(command, "corrupt", netem.corrupt);
  describe_rate(command, netem);
  describe_slot(command, netem);
  command.flag("ecn", netem.ecn);
}

bool TcFormat<Netem>::read(Netem& netem, std::span<const std::byte> options) noexcept {
  const auto parameters = AttributeView{TCA_OPTIONS, options}.as<tc_netem_qopt>();
  if (!parameters) return false;
  netem.limit = parameters->limit;
  netem.delay = std::chrono::microseconds{static_cast<std::int64_t>(microseconds_of(parameters->latency))};
  netem.jitter = std::chrono::microseconds{static_cast<std::int64_t>(microseconds_of(parameters->jitter))};
  netem.gap = parameters->gap;
  netem.loss = NetemChance{.probability = read_probability(parameters->loss)};
  netem.duplicate.probability = read_probability(parameters->duplicate);
  for (const AttributeView part : Attributes{options.subspan(sizeof *parameters)}) read_attribute(netem, part);
  return true;
}

}  // namespace netherd::ops
