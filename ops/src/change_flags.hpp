#pragma once

#include <linux/netlink.h>

#include <string_view>

#include "netherd/ops/change.hpp"

namespace netherd::ops {

/// The NLM_F_* flags with which `ip` asks for it.
constexpr std::uint16_t flags_of(Change change) noexcept {
  switch (change) {
    case Change::add:
      return NLM_F_CREATE | NLM_F_EXCL;
    case Change::change:
      return NLM_F_REPLACE;
    case Change::replace:
      return NLM_F_CREATE | NLM_F_REPLACE;
    case Change::append:
      return NLM_F_CREATE | NLM_F_APPEND;
    case Change::prepend:
      return NLM_F_CREATE;
  }
  return 0;
}

constexpr std::string_view verb_of(Change change) noexcept {
  switch (change) {
    case Change::add:
      return "add";
    case Change::change:
      return "change";
    case Change::replace:
      return "replace";
    case Change::append:
      return "append";
    case Change::prepend:
      return "prepend";
  }
  return "?";
}

}  // namespace netherd::ops
