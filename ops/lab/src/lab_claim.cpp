#include "lab_claim.hpp"

#include <fmt/format.h>

#include "files.hpp"
#include "mount_namespace.hpp"
#include "number.hpp"
#include "text_lines.hpp"

namespace netherd::lab {

namespace {

constexpr std::string_view claim_heading = "netherd lab";

/// Takes "KEY VALUE" apart; nothing if the line has another key.
std::optional<std::string_view> value_of_line(std::optional<TextLine> line, std::string_view key) {
  if (!line || !line->text.starts_with(key) || line->text.size() <= key.size()) return std::nullopt;
  if (line->text[key.size()] != ' ') return std::nullopt;
  return line->text.substr(key.size() + 1);
}

}  // namespace

bool LabClaim::is_of_vanished_lab() const {
  const LabClaim here = of_this_process(lab, device);
  if (boot != here.boot) return true;
  const bool made_here = mount_namespace != 0 && mount_namespace == here.mount_namespace;
  const auto mountinfo = read_file("/proc/self/mountinfo");
  return made_here && mountinfo && !has_mount(*mountinfo, device, lab);
}

std::string LabClaim::to_text() const {
  return fmt::format("{} {}\nboot {}\nmount-namespace {}\ndevice {}\n", claim_heading, lab, boot, mount_namespace,
                     device);
}

std::optional<LabClaim> LabClaim::parse(std::string_view text) {
  TextLines lines{text};
  const auto lab = value_of_line(lines.next(), claim_heading);
  const auto boot = value_of_line(lines.next(), "boot");
  const auto mount_namespace = value_of_line(lines.next(), "mount-namespace");
  const auto device = value_of_line(lines.next(), "device");
  if (!lab || !boot || !mount_namespace || !device) return std::nullopt;
  LabClaim claim{.lab = std::string{*lab}, .boot = std::string{*boot}, .device = std::string{*device}};
  if (!parse_number(*mount_namespace, claim.mount_namespace)) return std::nullopt;
  return claim;
}

LabClaim LabClaim::of_this_process(std::string lab, std::string device) {
  const auto text = read_file("/proc/sys/kernel/random/boot_id");
  const std::string boot = text ? text->substr(0, text->find('\n')) : "unknown";
  return {.lab = std::move(lab),
          .boot = boot,
          .mount_namespace = mount_namespace_of("self").value_or(0),
          .device = std::move(device)};
}

}  // namespace netherd::lab
