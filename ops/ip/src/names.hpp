#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Names for numbers from /etc/iproute2, which are read when the first one is asked for.
namespace netherd::ip::names {

[[nodiscard]] std::string table(std::uint32_t number);
[[nodiscard]] std::string protocol(std::uint32_t number);
[[nodiscard]] std::string scope(std::uint32_t number);
[[nodiscard]] std::string group(std::uint32_t number);
[[nodiscard]] std::string dsfield(std::uint32_t number);
[[nodiscard]] std::string realm(std::uint32_t number);

[[nodiscard]] std::optional<std::uint32_t> read_table(std::string_view word);
[[nodiscard]] std::optional<std::uint32_t> read_protocol(std::string_view word);
[[nodiscard]] std::optional<std::uint32_t> read_scope(std::string_view word);
[[nodiscard]] std::optional<std::uint32_t> read_group(std::string_view word);
[[nodiscard]] std::optional<std::uint32_t> read_dsfield(std::string_view word);
/// One realm, or two: "FROM/TO".
[[nodiscard]] std::optional<std::uint32_t> read_realms(std::string_view word);

/// Numbers instead of names (`-N`).
void show_numbers(bool on) noexcept;
[[nodiscard]] bool numeric() noexcept;

}  // namespace netherd::ip::names
