#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_macsec.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <optional>

#include "../attributes.hpp"
#include "../kind.hpp"
#include "netherd/ip/inet.hpp"

/// MACsec (IEEE 802.1AE): the device alone. Its keys and channels are the business of `ip macsec`.
namespace netherd::ip {

namespace {

constexpr std::array<std::string_view, 2> off_on{"off", "on"};
constexpr std::array<std::string_view, 3> validations{"disabled", "check", "strict"};
constexpr std::array<std::string_view, 3> offloads{"off", "phy", "mac"};

struct Cipher {
  std::string_view keyword;  ///< in small letters or in capitals
  std::string_view name;     ///< as it is shown
  std::uint64_t id;
};
constexpr std::array ciphers{Cipher{"default", "GCM-AES-128", MACSEC_DEFAULT_CIPHER_ID},
                             Cipher{"gcm-aes-128", "GCM-AES-128", MACSEC_CIPHER_ID_GCM_AES_128},
                             Cipher{"gcm-aes-256", "GCM-AES-256", MACSEC_CIPHER_ID_GCM_AES_256},
                             Cipher{"gcm-aes-xpn-128", "GCM-AES-XPN-128", MACSEC_CIPHER_ID_GCM_AES_XPN_128},
                             Cipher{"gcm-aes-xpn-256", "GCM-AES-XPN-256", MACSEC_CIPHER_ID_GCM_AES_XPN_256}};

/// Settings whose words become attributes as they are read.
constexpr std::array settings{
    Setting{.keyword = "encrypt",
            .value = Value::one_of_u8,
            .attribute = IFLA_MACSEC_ENCRYPT,
            .names = off_on,
            .whole = true},
    Setting{.keyword = "send_sci",
            .value = Value::one_of_u8,
            .attribute = IFLA_MACSEC_INC_SCI,
            .names = off_on,
            .whole = true},
    Setting{.keyword = "end_station",
            .value = Value::one_of_u8,
            .attribute = IFLA_MACSEC_ES,
            .names = off_on,
            .whole = true},
    Setting{.keyword = "scb", .value = Value::one_of_u8, .attribute = IFLA_MACSEC_SCB, .names = off_on, .whole = true},
    Setting{.keyword = "protect",
            .value = Value::one_of_u8,
            .attribute = IFLA_MACSEC_PROTECT,
            .names = off_on,
            .whole = true},
    Setting{.keyword = "validate",
            .value = Value::one_of_u8,
            .attribute = IFLA_MACSEC_VALIDATION,
            .names = validations,
            .whole = true},
    Setting{.keyword = "offload",
            .value = Value::one_of_u8,
            .attribute = IFLA_MACSEC_OFFLOAD,
            .names = offloads,
            .whole = true},
};

constexpr std::string_view usage =
    "[ address LLADDR ] [ port { 1..65535 } ] [ sci HEX ] "
    "[ cipher { default | gcm-aes-128 | gcm-aes-256 | gcm-aes-xpn-128 | gcm-aes-xpn-256 } ] [ icvlen { 8..16 } ] "
    "[ replay { on | off } window NUMBER ] [ encodingsa { 0..3 } ]";

class Parser {
 public:
  Parser(Words& words, KindContext& context) : words_{words}, context_{context}, request_{context.request} {}

  void parse() {
    take_channel();
    while (!words_.empty()) {
      if (take_cipher() || take_replay() || take_association() || take_switch()) continue;
      fail_unknown_setting(words_, context_);
    }
    finish();
  }

 private:
  using Identifier = std::array<std::byte, sizeof(std::uint64_t)>;  ///< in network byte order

  /// The channel's identifier, or its port at the device's own address: the first words. An address stands before its
  /// port.
  void take_channel() {
    Identifier identifier{};
    std::uint16_t port = 0;
    bool has_address = false;
    bool mentioned = false;
    for (bool complete = false; !complete && !words_.empty();) {
      const std::string_view keyword = words_.peek();
      if (words_.accept("sci")) {
        if (has_address) refuse(keyword, "expected port");
        identifier = take_identifier();
        complete = true;
      } else if (words_.accept("port")) {
        port = take_port();
        complete = true;
      } else if (words_.accept("address")) {
        identifier = take_address_part();
        has_address = true;
      } else {
        break;
      }
      mentioned = true;
    }
    if (!mentioned) return;
    put_channel(identifier, port, has_address);
  }

  void put_channel(Identifier identifier, std::uint16_t port, bool has_address) {
    const std::uint16_t number = htons(port);
    if (has_address) std::memcpy(identifier.data() + ETH_ALEN, &number, sizeof number);
    const bool whole = identifier != Identifier{} && (!has_address || port != 0);
    whole ? request_.put(IFLA_MACSEC_SCI, identifier) : request_.put_u16(IFLA_MACSEC_PORT, number);
  }

  std::uint16_t take_port() {
    const std::uint16_t port = words_.take_u16("expected port");
    if (port == 0) refuse("0", "expected port != 0");
    return port;
  }

  Identifier take_address_part() {
    const std::string_view word = words_.empty() ? std::string_view{} : words_.peek();
    const LinkLayerAddress address = take_link_layer_address(words_);
    if (address.size > ETH_ALEN) refuse(word, "expected lladdr");
    Identifier identifier{};
    std::ranges::copy(address.bytes(), identifier.begin());
    return identifier;
  }

  /// A hexadecimal number, with or without "0x".
  Identifier take_identifier() {
    const std::string_view word = words_.take();
    std::uint64_t number = 0;
    if (!read_number((word.starts_with("0x") ? "" : "0x") + std::string{word}, UINT64_MAX, number)) {
      refuse(word, "expected sci");
    }
    Identifier identifier{};
    for (std::size_t i = 0; i < identifier.size(); ++i) {
      identifier.at(i) = static_cast<std::byte>(number >> (8 * (identifier.size() - 1 - i)));
    }
    return identifier;
  }

  bool take_cipher() {
    if (words_.accept("cipher")) {
      const std::string_view word = words_.take();
      if (cipher_ != nullptr) refuse_duplicate("cipher", word);
      const auto* const found = std::ranges::find_if(ciphers, [word](const Cipher& cipher) {
        return word == cipher.keyword || (word == cipher.name && cipher.keyword != "default");
      });
      if (found == ciphers.end()) {
        refuse(word, "expected: default, gcm-aes-128, gcm-aes-256, gcm-aes-xpn-128 or gcm-aes-xpn-256");
      }
      cipher_ = &*found;
    } else if (words_.accept("icvlen")) {
      const std::string_view word = words_.empty() ? std::string_view{} : words_.peek();
      if (icv_length_ != 0 && !word.empty()) refuse_duplicate("icvlen", word);
      icv_length_ = words_.take_u8("expected ICV length");
      if (icv_length_ < MACSEC_MIN_ICV_LEN || icv_length_ > MACSEC_STD_ICV_LEN) {
        refuse(word, "ICV length must be in the range {8..16}");
      }
    } else {
      return false;
    }
    return true;
  }

  bool take_replay() {
    if (words_.accept("replay")) {
      replay_ = take_off_or_on(words_, "replay");
    } else if (words_.accept("window")) {
      window_ = words_.take_u32("expected replay window size");
    } else {
      return false;
    }
    return true;
  }

  bool take_association() {
    if (!words_.accept("encodingsa")) return false;
    if (association_) refuse_garbage("encodingsa", "encodingsa");
    const std::string_view word = words_.empty() ? std::string_view{} : words_.peek();
    association_ = words_.take_u8("expected an { 0..3 }");
    if (*association_ > 3) refuse(word, "expected an { 0..3 }");
    return true;
  }

  bool take_switch() {
    for (const auto& [keyword, on] :
         {std::pair{std::string_view{"send_sci"}, &sends_sci_}, {"end_station", &end_station_}, {"scb", &broadcast_}}) {
      if (!words_.is(keyword)) continue;
      Words ahead = words_;
      ahead.skip();
      *on = take_off_or_on(ahead, keyword);
    }
    return take_setting(words_, settings, request_, context_.environment);
  }

  void finish() {
    if (int{sends_sci_} + int{end_station_} + int{broadcast_} > 1) {
      fail("invalid combination of send_sci/end_station/scb");
    }
    if (window_ && !replay_) {
      fail("replay window set, but replay protection not enabled. did you mean 'replay on window " +
           std::to_string(*window_) + "'?");
    }
    if (!window_ && replay_.value_or(false)) {
      fail("replay protection enabled, but no window set. did you mean 'replay on window VALUE'?");
    }
    if (cipher_ != nullptr) request_.put_value(IFLA_MACSEC_CIPHER_SUITE, cipher_->id);
    if (icv_length_ != 0) request_.put_u8(IFLA_MACSEC_ICV_LEN, icv_length_);
    if (replay_) {
      request_.put_u32(IFLA_MACSEC_WINDOW, window_.value_or(UINT32_MAX));
      request_.put_u8(IFLA_MACSEC_REPLAY_PROTECT, *replay_ ? 1 : 0);
    }
    if (association_) request_.put_u8(IFLA_MACSEC_ENCODING_SA, *association_);
  }

  Words& words_;
  KindContext& context_;
  Request& request_;
  const Cipher* cipher_ = nullptr;
  std::uint8_t icv_length_ = 0;
  std::optional<bool> replay_;
  std::optional<std::uint32_t> window_;
  std::optional<std::uint8_t> association_;
  bool sends_sci_ = false;
  bool end_station_ = false;
  bool broadcast_ = false;
};

void parse_macsec(Words& words, KindContext& context) { Parser{words, context}.parse(); }

constexpr std::array showings{
    Showing{IFLA_MACSEC_ICV_LEN, Shown::u8, "icv_len", "icvlen"},
    Showing{IFLA_MACSEC_ENCODING_SA, Shown::u8, "encoding_sa", "encodingsa"},
    Showing{IFLA_MACSEC_VALIDATION, Shown::word_u8, "validation", "validate", validations, "(unknown)"},
    Showing{IFLA_MACSEC_OFFLOAD, Shown::word_u8, "offload", {}, offloads, "(unknown)"},
    Showing{IFLA_MACSEC_ENCRYPT, Shown::on_off, "encrypt"},
    Showing{IFLA_MACSEC_INC_SCI, Shown::on_off, "inc_sci", "send_sci"},
    Showing{IFLA_MACSEC_ES, Shown::on_off, "es", "end_station"},
    Showing{IFLA_MACSEC_SCB, Shown::on_off, "scb"},
    Showing{IFLA_MACSEC_REPLAY_PROTECT, Shown::on_off, "replay_protect", "replay"},
    Showing{IFLA_MACSEC_WINDOW, Shown::s32, "window"},
};

void print_macsec(Session& session, std::span<const std::byte> data) {
  const AttributeTable<64> table{data};
  Printer& printer = session.printer();
  if (table.has(IFLA_MACSEC_SCI)) {
    std::string digits = link_layer_text(table.bytes(IFLA_MACSEC_SCI), 0);
    std::erase(digits, ':');
    printer.string("sci", "sci ", digits);
  }
  if (table.has(IFLA_MACSEC_PROTECT)) printer.on_off("protect", "protect ", table.u8(IFLA_MACSEC_PROTECT) != 0);
  if (table.has(IFLA_MACSEC_CIPHER_SUITE)) {
    const auto* const found = std::ranges::find(ciphers, table.u64(IFLA_MACSEC_CIPHER_SUITE), &Cipher::id);
    printer.string("cipher_suite", "cipher ", found == ciphers.end() ? "(unknown)" : found->name);
  }
  print_showings(session, data, showings);
}

constexpr std::array kinds{
    Kind{.name = "macsec", .settings = settings, .parse = parse_macsec, .print = print_macsec, .usage = {usage}}};

}  // namespace

constinit const std::span<const Kind> macsec_kinds{kinds};

}  // namespace netherd::ip
