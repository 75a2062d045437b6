#include "netherd/ops/qdisc.hpp"

#include "tc_kind.hpp"
#include "tc_netem.hpp"
#include "tc_shapers.hpp"

namespace netherd::ops {

namespace {

using engine::Attributes;
using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;
using engine::value_of;

/// Described with its unit.
struct Microseconds : Number<std::uint32_t> {
  static void describe(CommandText& command, std::string_view keyword, FqCodel::Microseconds time) {
    command.option(keyword, std::to_string(time.count()) + "us");
  }
};

constexpr std::tuple fq_codel_rows{
    setting(&FqCodel::limit, TCA_FQ_CODEL_LIMIT, "limit"),
    setting(&FqCodel::flows, TCA_FQ_CODEL_FLOWS, "flows"),
    setting<Microseconds>(&FqCodel::target, TCA_FQ_CODEL_TARGET, "target"),
    setting<Microseconds>(&FqCodel::interval, TCA_FQ_CODEL_INTERVAL, "interval"),
    setting(&FqCodel::quantum, TCA_FQ_CODEL_QUANTUM, "quantum"),
    setting<YesNo<std::uint32_t>>(&FqCodel::ecn, TCA_FQ_CODEL_ECN, "ecn"),
    setting<Microseconds>(&FqCodel::ce_threshold, TCA_FQ_CODEL_CE_THRESHOLD, "ce_threshold"),
    setting(&FqCodel::memory_limit, TCA_FQ_CODEL_MEMORY_LIMIT, "memory_limit"),
    setting(&FqCodel::drop_batch, TCA_FQ_CODEL_DROP_BATCH_SIZE, "drop_batch"),
};

}  // namespace

template <>
struct TcFormat<FqCodel> {
  static void put(MessageWriter& writer, const FqCodel& fq_codel) noexcept {
    put_options(writer, [&] { put_settings(writer, fq_codel, fq_codel_rows); });
  }
  static void describe(CommandText& command, const FqCodel& fq_codel) {
    describe_settings(command, fq_codel, fq_codel_rows);
  }
  static bool read(FqCodel& fq_codel, std::span<const std::byte> options) {
    for (const AttributeView part : Attributes{options}) read_setting(fq_codel, part, fq_codel_rows);
    return true;
  }
};

/// pfifo and bfifo: a limit, or nothing at all.
template <typename Fifo>
struct FifoFormat {
  static void put(MessageWriter& writer, const Fifo& fifo) noexcept {
    if (fifo.limit) writer.put_struct(TCA_OPTIONS, tc_fifo_qopt{*fifo.limit});
  }
  static void describe(CommandText& command, const Fifo& fifo) {
    if (fifo.limit) command.number("limit", *fifo.limit);
  }
  static bool read(Fifo& fifo, std::span<const std::byte> options) noexcept {
    const auto parameters = AttributeView{TCA_OPTIONS, options}.as<tc_fifo_qopt>();
    if (parameters) fifo.limit = parameters->limit;
    return parameters.has_value();
  }
};
template <>
struct TcFormat<Pfifo> : FifoFormat<Pfifo> {};
template <>
struct TcFormat<Bfifo> : FifoFormat<Bfifo> {};

template <typename Kind>
struct FormatWithoutOptions {
  static void put(MessageWriter&, const Kind&) noexcept {}
  static void describe(CommandText&, const Kind&) {}
  static bool read(Kind&, std::span<const std::byte>) noexcept { return true; }
};
template <>
struct TcFormat<Ingress> : FormatWithoutOptions<Ingress> {};
template <>
struct TcFormat<Clsact> : FormatWithoutOptions<Clsact> {};

namespace {

/// There can be one at a place of its own only, and the words for the place are those for the kind.
template <typename Kind>
constexpr bool has_own_place = std::is_same_v<Kind, Ingress> || std::is_same_v<Kind, Clsact>;

tcmsg tc_header(InterfaceIndex index, TcHandle parent, TcHandle handle) noexcept {
  tcmsg header{};
  header.tcm_ifindex = value_of(index);
  header.tcm_parent = parent.value();
  header.tcm_handle = handle.value();
  return header;
}

/// `tc qdisc change` sends no flags at all, unlike the verb elsewhere.
constexpr std::uint16_t tc_flags_of(Change change) noexcept {
  return change == Change::change ? std::uint16_t{0} : flags_of(change);
}

/// `tc class replace` does not ask to replace, and htb changes a class that is there all the same.
constexpr std::uint16_t class_flags_of(Change change) noexcept {
  return change == Change::replace ? std::uint16_t{NLM_F_CREATE} : tc_flags_of(change);
}

template <typename Kind>
void put_kind(MessageWriter& writer, const Kind& kind) noexcept {
  writer.put_string(TCA_KIND, Kind::kind);
  TcFormat<Kind>::put(writer, kind);
}

std::string text_of(TcHandle handle) {
  std::array<char, 16> text{};
  if (handle.minor == 0) {
    std::snprintf(text.data(), text.size(), "%x:", handle.major);
  } else {
    std::snprintf(text.data(), text.size(), "%x:%x", handle.major, handle.minor);
  }
  return text.data();
}

CommandText start_command(std::string_view netns, std::string_view object, std::string_view verb,
                          std::string_view name) {
  CommandText command{netns, "tc"};
  command.word(object).word(verb).word("dev").word(name);
  return command;
}

void describe_place(CommandText& command, TcHandle parent, TcHandle handle) {
  if (parent == tc_root) {
    command.word("root");
  } else {
    command.option("parent", text_of(parent));
  }
  if (handle != TcHandle{}) command.option("handle", text_of(handle));
}

template <typename Kind>
void describe_kind(CommandText& command, const Kind& kind) {
  command.word(Kind::kind);
  TcFormat<Kind>::describe(command, kind);
}

std::optional<TcObject> decode_object(const MessageView& message, std::uint16_t type) {
  if (message.type() != type) return std::nullopt;
  const auto header = message.family_header<tcmsg>();
  if (!header || header->tcm_ifindex <= 0) return std::nullopt;
  TcObject object{.index = InterfaceIndex{header->tcm_ifindex},
                  .handle = TcHandle::from(header->tcm_handle),
                  .parent = TcHandle::from(header->tcm_parent)};
  for (const AttributeView attribute : message.attributes<tcmsg>()) {
    if (attribute.type() == TCA_KIND) object.kind = attribute.text();
  }
  return object;
}

}  // namespace

template <Change change, TcKind Kind>
void WriteQdisc<change, Kind>::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_NEWQDISC, tc_flags_of(change));
  writer.put_family_header(has_own_place<Kind> ? tc_header(index, tc_ingress, {.major = 0xffff})
                                               : tc_header(index, parent, handle));
  put_kind(writer, kind);
}

template <Change change, TcKind Kind>
std::string WriteQdisc<change, Kind>::describe() const {
  CommandText command = start_command(netns, "qdisc", verb_of(change), name);
  if constexpr (!has_own_place<Kind>) describe_place(command, parent, handle);
  describe_kind(command, kind);
  return std::move(command).text();
}

void DeleteQdisc::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_DELQDISC, 0);
  writer.put_family_header(tc_header(index, parent, handle));
}

std::string DeleteQdisc::describe() const {
  CommandText command = start_command(netns, "qdisc", "delete", name);
  describe_place(command, parent, handle);
  return std::move(command).text();
}

template <Change change, TcKind Kind>
void WriteClass<change, Kind>::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_NEWTCLASS, class_flags_of(change));
  writer.put_family_header(tc_header(index, parent, classid));
  put_kind(writer, kind);
}

template <Change change, TcKind Kind>
std::string WriteClass<change, Kind>::describe() const {
  CommandText command = start_command(netns, "class", verb_of(change), name);
  describe_place(command, parent, {});
  command.option("classid", text_of(classid));
  describe_kind(command, kind);
  return std::move(command).text();
}

void DeleteClass::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_DELTCLASS, 0);
  writer.put_family_header(tc_header(index, {}, classid));
}

std::string DeleteClass::describe() const {
  CommandText command = start_command(netns, "class", "delete", name);
  command.option("classid", text_of(classid));
  return std::move(command).text();
}

void DumpQdiscs::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_GETQDISC, NLM_F_DUMP);
  writer.put_family_header(tcmsg{});
}

void DumpClasses::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_GETTCLASS, NLM_F_DUMP);
  writer.put_family_header(tc_header(index, {}, {}));
}

std::optional<TcObject> decode_qdisc(const MessageView& message) { return decode_object(message, RTM_NEWQDISC); }
std::optional<TcObject> decode_class(const MessageView& message) { return decode_object(message, RTM_NEWTCLASS); }

template <TcKind Kind>
std::optional<Kind> decode_tc_kind(const MessageView& message) {
  constexpr bool is_class = std::is_same_v<Kind, HtbClass>;
  const auto object = decode_object(message, is_class ? RTM_NEWTCLASS : RTM_NEWQDISC);
  if (!object || object->kind != Kind::kind) return std::nullopt;
  std::span<const std::byte> options;
  for (const AttributeView attribute : message.attributes<tcmsg>()) {
    if (attribute.type() == TCA_OPTIONS) options = attribute.payload();
  }
  Kind kind;
  if (!TcFormat<Kind>::read(kind, options)) return std::nullopt;
  return kind;
}

#define NETHERD_INSTANTIATE_QDISC(Kind)              \
  template struct WriteQdisc<Change::add, Kind>;     \
  template struct WriteQdisc<Change::change, Kind>;  \
  template struct WriteQdisc<Change::replace, Kind>; \
  template std::optional<Kind> decode_tc_kind<Kind>(const MessageView&)
NETHERD_INSTANTIATE_QDISC(Tbf);
NETHERD_INSTANTIATE_QDISC(Htb);
NETHERD_INSTANTIATE_QDISC(Netem);
NETHERD_INSTANTIATE_QDISC(FqCodel);
NETHERD_INSTANTIATE_QDISC(Pfifo);
NETHERD_INSTANTIATE_QDISC(Bfifo);
NETHERD_INSTANTIATE_QDISC(Ingress);
NETHERD_INSTANTIATE_QDISC(Clsact);
#undef NETHERD_INSTANTIATE_QDISC

template struct WriteClass<Change::add, HtbClass>;
template struct WriteClass<Change::change, HtbClass>;
template struct WriteClass<Change::replace, HtbClass>;
template std::optional<HtbClass> decode_tc_kind<HtbClass>(const MessageView&);

}  // namespace netherd::ops
