#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace netherd::lab {

struct Node;
struct Topology;

/// Where a node has commands from; in this order they run.
enum class ExecLevel : std::uint8_t { defaults, kind, group, node };

/// The commands that a node runs once its lab is built, in order. Nodes share the lists that they inherit, and equal
/// lines of a file that are aliases of one another, so that a lab takes as much memory as its file says, however many
/// nodes inherit a long list. Immutable but for append(); copies share everything, from several threads too.
class ExecList {
 public:
  using Line = std::shared_ptr<const std::string>;
  using Block = std::shared_ptr<const std::vector<Line>>;
  struct Part {
    ExecLevel level = ExecLevel::node;
    Block lines;  ///< not null, not empty
  };

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string*;
    using reference = const std::string&;

    Iterator() = default;
    Iterator(const Part* part, std::size_t line) noexcept : part_{part}, line_{line} {}
    reference operator*() const { return *(*part_->lines)[line_]; }
    pointer operator->() const { return (*part_->lines)[line_].get(); }
    Iterator& operator++() {
      if (++line_ == part_->lines->size()) {
        ++part_;
        line_ = 0;
      }
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const Part* part_ = nullptr;
    std::size_t line_ = 0;
  };

  ExecList() = default;
  /// Commands of the node itself.
  ExecList(std::initializer_list<std::string_view> lines);

  /// Adds a list behind the others. One that is null or empty adds nothing.
  void append(ExecLevel level, Block lines);

  [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }
  [[nodiscard]] Iterator begin() const noexcept { return {parts_.data(), 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {parts_.data() + parts_.size(), 0}; }
  [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_; }

  /// The same commands, wherever they come from.
  friend bool operator==(const ExecList& left, const ExecList& right);

 private:
  std::vector<Part> parts_;
};

/// A command of a node with containerlab's variables replaced: `__clabNodeName__`, `__clabLabName__` ("clab-LAB"),
/// `__clabDir__` (the directory of that name beside the topology file, which netherd does not make) and
/// `__clabNodeDir__` (the directory of the node in there).
[[nodiscard]] std::string replace_variables(std::string_view command, const Topology& topology, const Node& node);

}  // namespace netherd::lab
