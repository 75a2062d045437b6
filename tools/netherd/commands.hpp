#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "netherd/lab/builder.hpp"
#include "netherd/lab/generate.hpp"
#include "session.hpp"
#include "topology_input.hpp"

namespace netherd::tools {

/// What each command can be asked for (command_line.cpp says by which words), and what does it. The result is the exit
/// status; what went wrong has been said then.

struct UpOptions {
  TopologyInput input;
  bool wait = false;
  bool keep_on_failure = false;
  bool strict = false;  ///< an `exec` line that fails is a failure
  std::string submission = "auto";
  std::size_t factory_threads = lab::BuildOptions{}.factory_threads;
};
int up(const UpOptions& options, Session& session);

struct DownOptions {
  TopologyInput input;  ///< file: LAB or FILE
  bool all = false;
  bool wait = false;
  bool kill = false;  ///< end the processes in the lab first
};
int down(const DownOptions& options, Session& session);

struct LsOptions {
  bool names_only = false;
};
int ls(const LsOptions& options, Session& session);

struct ShowOptions {
  std::string lab;
  std::string node;
  bool names_only = false;
};
int show(const ShowOptions& options, Session& session);

struct ExecOptions {
  std::string lab;
  std::vector<std::string> nodes;
  bool all = false;
  std::size_t jobs = 2 * std::max<std::size_t>(1, std::thread::hardware_concurrency());
};
int exec(const ExecOptions& options, Session& session);

struct ShellOptions {
  std::string lab;
  std::string node;
};
int shell(const ShellOptions& options, Session& session);

int check(const TopologyInput& input, Session& session);

struct PingOptions {
  std::string lab;
  std::uint32_t count = 1;
  double timeout_seconds = 1;
};
int ping(const PingOptions& options, Session& session);

int plan(const TopologyInput& input, Session& session);

struct GenerateOptions {
  std::string kind;
  std::string output = "-";
  lab::GenerateOptions shape;
  TopologyInput lab{.routing = "default", .ipv4_pool = "10.0.0.0/8"};
};
int generate(const GenerateOptions& options, Session& session);

struct BenchOptions {
  TopologyInput input;
  std::size_t rounds = 3;
  bool predict_only = false;
};
int bench(const BenchOptions& options, Session& session);

int gc(Session& session);

/// Without a file: what a lab of 1,000 nodes needs.
int doctor(const TopologyInput& input, Session& session);

struct CompletionOptions {
  std::string shell;
};
int completion(const CompletionOptions& options, Session& session);

}  // namespace netherd::tools
