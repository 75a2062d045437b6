#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connection.hpp"
#include "netherd/engine/file_descriptor.hpp"
#include "netherd/ip/command.hpp"
#include "netherd/ip/printer.hpp"

namespace netherd::ip {

class Namespaces;

/// One namespace, as the commands that run in it see it: a connection, and the links that a command has asked for.
///
/// These are remembered until the next command. A table for the whole of a batch would have to follow the kernel's
/// notifications, and each listener makes every change of every namespace dearer (netlink_broadcast_filtered() in
/// net/netlink/af_netlink.c, Linux 6.18); asking for an index costs less than reading notifications.
class Session final : public Environment {
 public:
  Session(Connection connection, Namespaces& namespaces, const Options& options)
      : connection_{std::move(connection)}, namespaces_{namespaces}, options_{&options}, printer_{options.layout()} {}

  int find_index(std::string_view name) override;
  const LinkFacts* find_link(std::string_view name) override;
  const LinkFacts* find_link(int index) override;
  std::vector<std::byte> describe_link(int index) override;
  int open_netns(std::string_view name) override;
  std::optional<std::int32_t> netns_id(std::string_view name) override;
  /// The same for an open namespace, which gets no number.
  [[nodiscard]] std::optional<std::int32_t> netns_id(int netns);

  [[nodiscard]] Connection& connection() noexcept { return connection_; }
  [[nodiscard]] Namespaces& namespaces() noexcept { return namespaces_; }
  [[nodiscard]] const Options& options() const noexcept { return *options_; }
  [[nodiscard]] Printer& printer() noexcept { return printer_; }
  /// The options of the next command.
  void use(const Options& options);

  /// Executes a request; a refusal is thrown, in the words of `ip`.
  void execute(Request& request);
  /// Leaves a request to be executed with later ones, before anything else happens in this namespace. What was posted
  /// elsewhere and has an effect here has been settled.
  void post(Command command, std::size_t number, const Connection::Refused& refused);
  /// Executes what was posted: here, and before that what was posted elsewhere and has an effect here.
  void settle();
  /// The same, but only what was posted here.
  void settle_own();
  [[nodiscard]] bool has_posted() const noexcept { return connection_.has_posted(); }
  /// Lists objects. Throws failure with `status`: the commands of `ip` disagree about it.
  void list(Request& request, Messages& found, int status = status_refused);

  /// The link of this index by name, "if7" where there is none, "*" for 0.
  [[nodiscard]] std::string link_name(int index);
  /// Remembers a link that a dump has brought, so that it need not be asked for.
  void remember_link(const engine::MessageView& message);

  /// Writes what the printer holds to standard output.
  void flush() { write(printer_.take()); }
  void write(std::string_view text);

  /// Tells which namespace has this number here, by its name; empty if none has.
  [[nodiscard]] std::string name_of_netns(int id);
  /// Numbers and names may belong together otherwise from now on; with `hidden` none of them has a name.
  void forget_netns_names(bool hidden = false) {
    netns_names_.clear();
    netns_names_known_ = hidden;
  }

 private:
  const LinkFacts* ask(Request& request);
  const LinkFacts* remember(LinkFacts facts);
  void forget_links();

  Connection connection_;
  Namespaces& namespaces_;
  const Options* options_;
  Printer printer_;
  std::unordered_map<int, LinkFacts> by_index_;
  std::unordered_map<std::string, int> by_name_;
  bool names_change_ = false;  // when what is posted is executed
  /// Those that the command gives as paths. What is posted has none (see touched_by()).
  std::vector<engine::FileDescriptor> netns_of_paths_;
  std::unordered_map<int, std::string> netns_names_;
  bool netns_names_known_ = false;
};

/// What a failed request is called: the kernel's own words, or "RTNETLINK answers: File exists".
[[nodiscard]] std::string refusal(const engine::Outcome& outcome);

}  // namespace netherd::ip
