#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/ops/namespace_factory.hpp"
#include "netherd/ops/process.hpp"
#include "session.hpp"

namespace netherd::ip {

/// The namespaces that commands speak of, by the names of `ip netns`: what has been opened stays open for the next
/// command, as far as the process's limit of descriptors allows, and as long as the name is that of the same namespace.
/// Not thread safe.
class Namespaces {
 public:
  explicit Namespaces(const Options& options) : options_{&options} {}

  /// Where the process is.
  [[nodiscard]] Session& home();
  /// The namespace of this name. Throws CommandError: Cannot open network namespace "NAME"
  [[nodiscard]] Session& enter(std::string_view name);
  /// A descriptor of the namespace of this name, or -1.
  [[nodiscard]] int open(std::string_view name);
  /// `ip netns add NAME`, and `ip netns attach NAME PID`.
  void create(std::string_view name);
  void attach(std::string_view name, std::string_view pid);
  /// `ip netns delete NAME`.
  void remove(std::string_view name);
  /// A further socket in the namespace of this name, or where the process is if the name is empty.
  [[nodiscard]] engine::NetlinkSocket open_socket(std::string_view name);
  /// Closes what belongs to this name.
  void forget(std::string_view name);

  /// Has some of the namespaces that a batch is about to create made in advance, without their names.
  void expect_creations(std::size_t count);
  /// create() would not wait.
  [[nodiscard]] bool has_spare();
  void wait_for_spare();
  /// Those made in advance are not what a new one would be: a program has changed settings that it would inherit.
  void drop_spares();

  /// What will be posted in this session has effects in other namespaces as well: what others have shared comes first.
  void share(Session& session);
  /// Executes what is posted in the namespace of this name.
  void settle(const std::string& name);
  /// Executes what is posted and shared, unless by `but`; settle_all(): what is posted, on two threads if that pays.
  void settle_shared(const Session* but = nullptr);
  void settle_all();

  /// A name has been found to be that of another namespace than before, or of none.
  [[nodiscard]] bool some_were_replaced() const noexcept { return some_were_replaced_; }

  void set_in_batch(bool in_batch) noexcept { in_batch_ = in_batch; }
  [[nodiscard]] bool in_batch() const noexcept { return in_batch_; }

  /// What programs are started with; null: with what this process has.
  void set_settings(const ops::ProcessSettings* settings) noexcept { settings_ = settings; }
  [[nodiscard]] const ops::ProcessSettings* settings() const noexcept { return settings_; }

 private:
  struct Entry {
    engine::FileDescriptor netns;
    std::string path;
    dev_t device;
    ino_t inode;
    std::optional<engine::NetlinkSocket> socket;  // for the session to come
    std::unique_ptr<Session> session;
    std::list<std::string>::iterator age;
  };

  Entry* find(std::string_view name);
  [[nodiscard]] static bool is_current(const Entry& entry);
  Entry& remember(std::string_view name, engine::FileDescriptor netns);
  [[nodiscard]] ops::NamespaceFactory& factory();
  void make_spare();
  [[nodiscard]] engine::NetlinkSocket open_inside(std::string_view name, int netns);
  [[nodiscard]] std::unique_ptr<Session> session_on(engine::NetlinkSocket socket);
  void make_room();

  const Options* options_;
  boost::asio::io_context context_;
  std::optional<ops::NamespaceFactory> factory_;
  std::unique_ptr<Session> home_;
  std::unordered_map<std::string, Entry> entries_;
  Session* shared_ = nullptr;
  const Session* entered_ = nullptr;  // by the command that is being executed, which it has to outlive
  bool in_batch_ = false;
  const ops::ProcessSettings* settings_ = nullptr;
  std::list<std::string> ages_;  // the one used last is in front

  struct Spare {
    boost::system::error_code error;
    ops::CreatedNamespace made;
  };
  std::deque<Spare> spares_;
  std::size_t spares_to_come_ = 0;
  std::size_t spares_to_drop_ = 0;  // of those, the first ones
  engine::FileDescriptor home_netns_;
  bool directory_is_prepared_ = false;
  bool some_were_replaced_ = false;
};

/// Where `ip netns` keeps the name. Throws CommandError for a name that it refuses.
[[nodiscard]] std::string netns_path(std::string_view name);
/// Makes /run/netns, as a mount of its own whose mounts propagate, if it is not there yet.
void prepare_netns_directory();

}  // namespace netherd::ip
