#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Names for numbers, from the files of iproute2, which are read when the first one is needed.
///
/// /etc/iproute2/FILE counts, and /usr/share/iproute2/FILE where there is none (as in iproute2 6.7 and later; 6.1 has
/// /etc only). For tables, protocols and reasons of protodown the files /etc/iproute2/FILE.d/*.conf add to it, and
/// those of /usr/share/iproute2/FILE.d that have no namesake there. In a named namespace /etc/netns/NAME/iproute2
/// stands in place of /etc/iproute2, as `ip` sees it behind its bind mounts (lib/namespace.c).
namespace netherd::ip::names {

[[nodiscard]] std::string table(std::uint32_t number);
[[nodiscard]] std::string protocol(std::uint32_t number);
[[nodiscard]] std::string scope(std::uint32_t number);
[[nodiscard]] std::string group(std::uint32_t number);
[[nodiscard]] std::string dsfield(std::uint32_t number);
[[nodiscard]] std::string realm(std::uint32_t number);
/// Of a bit, 0 to 31.
[[nodiscard]] std::string protodown_reason(std::uint32_t bit);

[[nodiscard]] std::optional<std::uint32_t> read_table(std::string_view word);
[[nodiscard]] std::optional<std::uint32_t> read_protocol(std::string_view word);
[[nodiscard]] std::optional<std::uint32_t> read_scope(std::string_view word);
[[nodiscard]] std::optional<std::uint32_t> read_group(std::string_view word);
[[nodiscard]] std::optional<std::uint32_t> read_dsfield(std::string_view word);
/// One realm, or two: "FROM/TO"; or both as one number.
[[nodiscard]] std::optional<std::uint32_t> read_realms(std::string_view word);
[[nodiscard]] std::optional<std::uint32_t> read_protodown_reason(std::string_view word);

/// Numbers instead of names (`-N`).
void show_numbers(bool on) noexcept;
[[nodiscard]] bool numeric() noexcept;

/// The namespace whose files count from now on (`-n NAME`); empty: those of the machine.
void use_netns(std::string_view name);

/// While this lives, commands run within `netns exec`: where a further namespace has no files of its own, those of the
/// namespace that was in use, and of `name`, count.
class WithinNetns {
 public:
  explicit WithinNetns(std::string_view name);
  ~WithinNetns();
  WithinNetns(const WithinNetns&) = delete;
  WithinNetns& operator=(const WithinNetns&) = delete;

 private:
  std::string outer_;
  std::size_t depth_;
};

}  // namespace netherd::ip::names
