#include "scratch_output.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace netherd::tools {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto watch_interval = 20ms;

}  // namespace

/// Looks at the size of the file now and then, for no event tells of it.
class ScratchOutput::Watch : public std::enable_shared_from_this<Watch> {
 public:
  Watch(const asio::any_io_executor& executor, engine::FileDescriptor file)
      : file_{std::move(file)}, timer_{executor} {}

  void start() {
    timer_.expires_after(watch_interval);
    timer_.async_wait([watch = weak_from_this()](boost::system::error_code error) {
      const auto self = watch.lock();
      if (!error && self && !self->is_full()) self->start();
    });
  }

  [[nodiscard]] std::size_t size() const noexcept {
    struct stat status{};
    return ::fstat(file_.get(), &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
  }

  [[nodiscard]] const engine::FileDescriptor& file() const noexcept { return file_; }
  [[nodiscard]] bool full() const noexcept { return full_; }

 private:
  bool is_full() noexcept {
    if (size() < most_bytes) return false;
    ::fcntl(file_.get(), F_ADD_SEALS, F_SEAL_GROW);
    return full_ = true;
  }

  engine::FileDescriptor file_;
  asio::steady_timer timer_;
  bool full_ = false;
};

boost::system::result<ScratchOutput> ScratchOutput::open(const asio::any_io_executor& executor) {
  engine::FileDescriptor file{::memfd_create("netherd-exec-output", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  // Where a shell opens /dev/stderr anew it writes at a place of its own: those who append never overwrite that.
  if (!file || ::fcntl(file.get(), F_SETFL, O_APPEND) != 0) {
    return boost::system::error_code{errno, boost::system::system_category()};
  }
  auto watch = std::make_shared<Watch>(executor, std::move(file));
  watch->start();
  return ScratchOutput{std::move(watch)};
}

ScratchOutput::~ScratchOutput() = default;

int ScratchOutput::descriptor() const noexcept { return watch_->file().get(); }

bool ScratchOutput::truncated() const noexcept { return watch_->full() || watch_->size() > most_bytes; }

std::string ScratchOutput::read() const {
  std::string text(std::min(watch_->size(), most_bytes), '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const ssize_t size = ::pread(descriptor(), text.data() + used, text.size() - used, static_cast<off_t>(used));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    used += static_cast<std::size_t>(size);
  }
  text.resize(used);
  return text;
}

}  // namespace netherd::tools
