#include "netns_exec.hpp"

#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "names.hpp"
#include "namespaces.hpp"
#include "run_command.hpp"

namespace netherd::ip {

namespace {

constexpr int status_not_run = 255;

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(errno));
  ::_exit(status_not_run);
}

/// /sys as the namespace sees it; read-only where it was.
void mount_sys(const std::string& name) {
  unsigned long flags = 0;
  struct statvfs facts{};
  if (::umount2("/sys", MNT_DETACH) != 0 && ::statvfs("/sys", &facts) == 0 && (facts.f_flag & ST_RDONLY) != 0) {
    flags = MS_RDONLY;
  }
  if (::mount(name.c_str(), "/sys", "sysfs", flags, nullptr) != 0) give_up("mount of /sys failed");
}

void bind_etc(const std::string& name) {
  const std::string directory = "/etc/netns/" + name;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(directory.c_str()), ::closedir};
  if (!stream) return;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string file = entry->d_name;
    if (file == "." || file == "..") continue;
    const std::string source = std::string{directory}.append("/").append(file);
    const std::string target = std::string{"/etc/"}.append(file);
    if (::mount(source.c_str(), target.c_str(), "none", MS_BIND, nullptr) != 0) {
      std::fprintf(stderr, "Bind %s -> %s failed: %s\n", source.c_str(), target.c_str(), std::strerror(errno));
    }
  }
}

[[noreturn]] void become(int netns, const NetnsProgram& program, const ops::ProcessSettings* settings) {
  const auto& [outer, name, command] = program;
  if (::setns(netns, CLONE_NEWNET) != 0) give_up("setting the network namespace \"" + name + "\" failed");
  if (::unshare(CLONE_NEWNS) != 0) give_up("unshare failed");
  if (::mount("", "/", "none", MS_SLAVE | MS_REC, nullptr) != 0) give_up("\"mount --make-rslave /\" failed");
  if (!outer.empty()) bind_etc(outer);
  mount_sys(name);
  bind_etc(name);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  if (settings != nullptr) settings->apply();
  ::execvp(arguments.front(), arguments.data());
  std::fprintf(stderr, "exec of \"%s\" failed: %s\n", command.front().c_str(), std::strerror(errno));
  ::_exit(1);
}

int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) fail(std::string{"waitpid failed: "} + std::strerror(errno));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int execute_in_netns(Session& session, const NetnsProgram& program, bool may_become) {
  const auto& [outer, name, command] = program;
  const int netns = session.namespaces().open(name);
  if (netns < 0) static_cast<void>(session.namespaces().enter(name));  // says why
  if (command.front() == "ip") {
    const names::WithinNetns files{name};
    Options options;  // those of a process of its own
    options.netns = name;
    const std::vector<std::string_view> all_words{command.begin() + 1, command.end()};
    Words words{all_words};
    options = take_options(words, std::move(options));
    if (options.batch) return run_batch(options, session.namespaces());
    return run_command(words, options, session.namespaces());
  }
  session.namespaces().settle_all();
  session.namespaces().drop_spares();
  session.flush();
  if (may_become && !session.namespaces().in_batch()) become(netns, program, session.namespaces().settings());
  const pid_t process = ::fork();
  if (process < 0) fail(std::string{"fork failed: "} + std::strerror(errno));
  if (process == 0) become(netns, program, session.namespaces().settings());
  return wait_for(process);
}

}  // namespace netherd::ip
