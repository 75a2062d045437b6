#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "files.hpp"
#include "lab_claim.hpp"
#include "mount_namespace.hpp"

namespace netherd::lab {
namespace {

namespace errc = boost::system::errc;
namespace fs = std::filesystem;

constexpr std::string_view mountinfo =
    "21 1 0:20 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
    "36 21 0:31 / /run rw,nosuid,nodev shared:5 master:2 - tmpfs tmpfs rw,size=1\n"
    "37 21 0:32 / /private\\040place rw - tmpfs tmpfs rw\n"
    "38 21 0:31 / /copy rw master:5 propagate_from:1 - tmpfs shared:9 rw\n"
    "40 36 0:53 / /run/netherd/lab rw shared:7 - tmpfs netherd rw\n";

TEST(PeerGroupsOfMounts, AreFoundByTheMount) {
  const auto run = find_peer_groups(mountinfo, 36);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->shared, 5U);
  EXPECT_EQ(run->master, 2U);
  const auto private_mount = find_peer_groups(mountinfo, 37);
  ASSERT_TRUE(private_mount);
  EXPECT_EQ(private_mount->shared, 0U);
  EXPECT_EQ(private_mount->master, 0U);
  const auto slave = find_peer_groups(mountinfo, 38);
  ASSERT_TRUE(slave);
  EXPECT_EQ(slave->shared, 0U) << "what follows the dash is no group";
  EXPECT_EQ(slave->master, 5U);
  EXPECT_FALSE(find_peer_groups(mountinfo, 3));
  EXPECT_FALSE(find_peer_groups("", 36));
  EXPECT_FALSE(find_peer_groups("36", 3));
  EXPECT_TRUE(find_peer_groups("36", 36)) << "a line that is cut off";
}

TEST(PeerGroupsOfMounts, PassMountsOnToPeersAndSlaves) {
  EXPECT_TRUE(passes_mounts_on({.shared = 5}, {.shared = 5}));
  EXPECT_TRUE(passes_mounts_on({.shared = 5, .master = 2}, {.master = 5}));
  EXPECT_FALSE(passes_mounts_on({.master = 5}, {.shared = 5}));
  EXPECT_FALSE(passes_mounts_on({}, {}));
  EXPECT_FALSE(passes_mounts_on({.shared = 5}, {.shared = 6}));
}

TEST(Mountinfo, TellsWhetherALabIsMounted) {
  EXPECT_TRUE(has_mount(mountinfo, "0:53", "lab"));
  EXPECT_FALSE(has_mount(mountinfo, "0:53", "ab"));
  EXPECT_FALSE(has_mount(mountinfo, "0:5", "lab"));
  EXPECT_FALSE(has_mount(mountinfo, "0:31", "lab"));
  EXPECT_FALSE(has_mount("", "0:53", "lab"));
}

TEST(Claim, IsReadAsItWasWritten) {
  const LabClaim claim{.lab = "lab-1.x", .boot = "b", .mount_namespace = 4026531841, .device = "0:53"};
  const auto read = LabClaim::parse(claim.to_text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->lab, claim.lab);
  EXPECT_EQ(read->boot, claim.boot);
  EXPECT_EQ(read->mount_namespace, claim.mount_namespace);
  EXPECT_EQ(read->device, claim.device);
  const std::string text = claim.to_text();
  for (std::size_t length = 0; length < text.size() - 5; ++length) {
    EXPECT_FALSE(LabClaim::parse(text.substr(0, length))) << length;
  }
  EXPECT_FALSE(LabClaim::parse("netherd lab x\nboot b\nmount-namespace -1\ndevice 0:1\n"));
  EXPECT_FALSE(LabClaim::parse("netherd labx\nboot b\nmount-namespace 1\ndevice 0:1\n"));
}

/// A directory with one thing of each kind that can have a file's name.
class Files : public testing::Test {
 protected:
  Files() {
    std::string path = testing::TempDir() + "/files-XXXXXX";
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    path_ = path;
    directory_.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::ofstream{path_ / "plain"} << "content";
    EXPECT_EQ(::mkfifo((path_ / "fifo").c_str(), 0600), 0);
    fs::create_directory(path_ / "directory");
    fs::create_symlink("plain", path_ / "link");
    fs::create_symlink("directory", path_ / "directory-link");
    fs::create_symlink("nowhere", path_ / "dangling");
  }
  ~Files() override { fs::remove_all(path_); }

  [[nodiscard]] int at() const { return directory_.get(); }
  [[nodiscard]] mode_t mode_of(const std::string& name) const {
    struct stat status{};
    EXPECT_EQ(::lstat((path_ / name).c_str(), &status), 0);
    return status.st_mode & 07777U;
  }

  fs::path path_;
  engine::FileDescriptor directory_;
};

TEST_F(Files, AreReadOnlyIfTheyArePlain) {
  EXPECT_EQ(read_plain_file(at(), "plain").value(), "content");
  for (const char* name : {"fifo", "directory", "link", "dangling"}) {
    const auto text = read_plain_file(at(), name);
    ASSERT_FALSE(text) << name;
    EXPECT_EQ(text.error(), errc::invalid_argument) << name;
  }
  EXPECT_EQ(read_plain_file(at(), "nosuch").error(), errc::no_such_file_or_directory);
}

TEST_F(Files, AreReplacedWhateverWasThere) {
  const mode_t before = ::umask(0777);
  for (const char* name : {"plain", "fifo", "link", "dangling", "new"}) {
    EXPECT_FALSE(replace_file(at(), name, "other", 0640)) << name;
    EXPECT_EQ(read_plain_file(at(), name).value(), "other") << name;
    EXPECT_EQ(mode_of(name), 0640U) << name;
  }
  ::umask(before);
  EXPECT_TRUE(replace_file(at(), "directory", "other", 0600));
  for (const char* stale : {"stale.new", "broken.new"}) fs::create_symlink("plain", path_ / stale);
  EXPECT_FALSE(replace_file(at(), "stale", "not into the link", 0600));
  EXPECT_EQ(read_plain_file(at(), "plain").value(), "other");
}

TEST_F(Files, AreNotEnteredByALink) {
  EXPECT_TRUE(open_directory(at(), "directory"));
  for (const char* name : {"directory-link", "plain", "fifo", "dangling"}) {
    EXPECT_EQ(open_directory(at(), name).error(), errc::not_a_directory) << name;
  }
  EXPECT_EQ(open_directory(at(), "nosuch").error(), errc::no_such_file_or_directory);
}

TEST_F(Files, AreListedEachTimeFromTheStart) {
  for (int round = 0; round < 2; ++round) {
    auto names = entries_of(at());
    ASSERT_TRUE(names);
    std::ranges::sort(*names);
    EXPECT_EQ(*names, (std::vector<std::string>{"dangling", "directory", "directory-link", "fifo", "link", "plain"}));
  }
  EXPECT_EQ(entries_of(-1).error(), errc::bad_file_descriptor);
}

TEST_F(Files, AreRemovedAndNothingIsNoError) {
  for (const char* name : {"plain", "fifo", "link", "dangling", "directory", "directory", "nosuch"}) {
    EXPECT_FALSE(remove_entry(at(), name)) << name;
  }
  fs::create_directories(path_ / "full/of");
  EXPECT_EQ(remove_entry(at(), "full"), errc::directory_not_empty);
}

}  // namespace
}  // namespace netherd::lab
