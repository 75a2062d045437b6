#pragma once

#include <boost/system/error_code.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connection.hpp"
#include "netherd/engine/message_list.hpp"
#include "netherd/ip/command.hpp"
#include "netherd/ip/printer.hpp"

namespace netherd::ip {

class Namespaces;

/// One namespace, as the commands that run in it see it: a connection, and a table of the links' names.
///
/// Names are asked for one by one and remembered. What commands of this process do to links makes the table forget
/// (forget_links()); while it is used beyond a single command it also listens to the kernel's notifications.
class Session final : public Environment {
 public:
  Session(Connection connection, Namespaces& namespaces, const Options& options)
      : connection_{std::move(connection)}, namespaces_{namespaces}, options_{&options}, printer_{options.layout()} {}

  const LinkFacts* find_link(std::string_view name) override;
  const LinkFacts* find_link(int index) override;
  std::vector<std::byte> describe_link(int index) override;
  int open_netns(std::string_view name) override;

  [[nodiscard]] Connection& connection() noexcept { return connection_; }
  [[nodiscard]] Namespaces& namespaces() noexcept { return namespaces_; }
  [[nodiscard]] const Options& options() const noexcept { return *options_; }
  [[nodiscard]] Printer& printer() noexcept { return printer_; }
  /// The options of the next command.
  void use(const Options& options);

  /// Executes a request; a refusal is thrown, in the words of `ip`.
  void execute(Request& request);
  /// Lists objects; failure is thrown.
  void list(Request& request, engine::MessageList& found);

  /// The link of this index by name, "if7" where there is none, "*" for 0.
  [[nodiscard]] std::string link_name(int index);
  /// Remembers a link that a dump has brought, so that it need not be asked for.
  void remember_link(const engine::MessageView& message);
  void forget_links();

  /// Writes what the printer holds to standard output.
  void flush() { write(printer_.take()); }
  void write(std::string_view text);

  /// Tells which namespace has this number here, by its name; empty if none has.
  [[nodiscard]] std::string name_of_netns(int id);

 private:
  void drop_stale_links();
  const LinkFacts* ask(Request& request);
  const LinkFacts* remember(LinkFacts facts);

  Connection connection_;
  Namespaces& namespaces_;
  const Options* options_;
  Printer printer_;
  std::unordered_map<int, LinkFacts> by_index_;
  std::unordered_map<std::string, int> by_name_;
  LinkFacts answer_;
  std::unordered_map<int, std::string> netns_names_;
  bool netns_names_known_ = false;
  std::uint64_t link_generation_ = 0;
};

/// What a failed request is called: the kernel's own words, or "RTNETLINK answers: File exists".
[[nodiscard]] std::string refusal(const engine::Outcome& outcome);

}  // namespace netherd::ip
