#include "utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace netherd::lab {

namespace {

/// Sequences of one length: how they start, and which code points they may hold.
struct SequenceForm {
  std::uint8_t lead_mask;
  std::uint8_t lead;
  std::size_t size;
  std::uint32_t first;  ///< lower code points have a shorter form, which must be used
  std::uint32_t last;
};
constexpr std::array<SequenceForm, 4> forms{{
    {0x80, 0x00, 1, 0x0, 0x7f},
    {0xe0, 0xc0, 2, 0x80, 0x7ff},
    {0xf0, 0xe0, 3, 0x800, 0xffff},
    {0xf8, 0xf0, 4, 0x10000, 0x10ffff},
}};

bool is_surrogate(std::uint32_t code_point) noexcept { return code_point >= 0xd800 && code_point <= 0xdfff; }

}  // namespace

Utf8Sequence first_utf8_sequence(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto* const form =
      std::ranges::find_if(forms, [&](const SequenceForm& each) { return (byte(0) & each.lead_mask) == each.lead; });
  if (form == forms.end() || text.size() < form->size) return {};
  std::uint32_t code_point = byte(0) & static_cast<std::uint8_t>(~form->lead_mask);
  for (std::size_t i = 1; i < form->size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    code_point = code_point << 6U | (byte(i) & 0x3fU);
  }
  const bool valid = code_point >= form->first && code_point <= form->last && !is_surrogate(code_point);
  return valid ? Utf8Sequence{form->size, static_cast<char32_t>(code_point)} : Utf8Sequence{};
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t size = first_utf8_sequence(text.substr(position)).size;
    if (size == 0) return position;
    position += size;
  }
  return std::nullopt;
}

}  // namespace netherd::lab
