// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/path_trust.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "uds/other_writers.h"
#include "uds/printable.h"
#include "uds/unique_fd.h"

namespace uds {
namespace {

constexpr char kUntrusted[] = "uds/untrusted_path";  // the payload's name
constexpr int kMostLinks = 40;                       // as the kernel's MAXSYMLINKS

// In a user namespace the machine's root may have no number, and its files show the overflow uid:
// which they share with the user of that number, if the namespace has one.
enum class Overflow { kNotOne, kUnmapped, kEither };

Overflow OverflowOf(uid_t owner) {
  constexpr uid_t kOverflowUid = 65534;      // /proc/sys/kernel/overflowuid, never changed
  constexpr unsigned kAllUids = 4294967295;  // what uid_map says outside of any namespace
  if (owner != kOverflowUid) return Overflow::kNotOne;
  std::FILE* map = std::fopen("/proc/self/uid_map", "re");
  if (map == nullptr) return Overflow::kNotOne;
  unsigned first = 0;
  unsigned count = 0;
  bool is_namespace = false;
  bool is_mapped = false;
  while (std::fscanf(map, "%u %*u %u", &first, &count) == 2) {
    is_namespace = is_namespace || count != kAllUids;
    is_mapped = is_mapped || (kOverflowUid >= first && kOverflowUid - first < count);
  }
  std::fclose(map);
  if (!is_namespace) return Overflow::kNotOne;
  return is_mapped ? Overflow::kEither : Overflow::kUnmapped;
}

bool IsUsOrRoot(uid_t owner) { return owner == 0 || owner == geteuid(); }

bool IsTrusted(uid_t owner) {
  return IsUsOrRoot(owner) || OverflowOf(owner) == Overflow::kUnmapped;
}

// Follows a path as the kernel does, a name at a time.
class Way {
 public:
  explicit Way(absl::string_view path) : path_(path) {}

  absl::Status Check();

 private:
  absl::Status Begin();
  absl::Status Step(const std::string& name);
  absl::Status Follow(const UniqueFd& link, const std::string& name, const struct stat& file);
  absl::Status Enter(UniqueFd directory, std::string shown);
  void Push(absl::string_view names);
  // Whether others can replace `name`, which is `file` or will be one of ours, in here.
  absl::Status CheckEntry(const std::string& name, const struct stat* file) const;
  absl::Status CheckOwner(bool is_last) const;

  absl::Status Untrusted(absl::string_view why) const;
  absl::Status Failed(int error) const;
  std::string Shown(absl::string_view name) const {
    return absl::StrCat(here_ == "/" ? "" : here_, "/", name);
  }

  const std::string path_;
  std::vector<std::string> ahead_;  // the next name last
  UniqueFd fd_;
  struct stat file_ = {};
  std::string here_;  // absolute, but for symbolic links
  int links_ = 0;
};

absl::Status Way::Untrusted(absl::string_view why) const {
  absl::Status status = absl::FailedPreconditionError(
      absl::StrCat(Printable(path_), " is not safe: ", Printable(why)));
  status.SetPayload(kUntrusted, absl::Cord());
  return status;
}

absl::Status Way::Failed(int error) const {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot put a socket at ", Printable(path_),
                                                 ": its directory cannot be used (make it, or "
                                                 "choose another address)"));
}

void Way::Push(absl::string_view names) {
  std::vector<std::string> parts = absl::StrSplit(names, '/', absl::SkipEmpty());
  ahead_.insert(ahead_.end(), parts.rbegin(), parts.rend());
}

absl::Status Way::Enter(UniqueFd directory, std::string shown) {
  fd_ = std::move(directory);
  here_ = std::move(shown);
  if (!fd_.valid() || fstat(fd_.get(), &file_) != 0) return Failed(errno);
  if (!S_ISDIR(file_.st_mode)) return Failed(ENOTDIR);
  return absl::OkStatus();
}

absl::Status Way::Begin() {
  const size_t slash = path_.rfind('/');
  if (slash != std::string::npos) Push(absl::string_view(path_).substr(0, slash));
  if (path_[0] != '/') {
    std::array<char, PATH_MAX> working;
    struct stat by_name = {};
    // Not so in a directory that was removed, or that is outside of our root or out of our reach.
    if (getcwd(working.data(), working.size()) == nullptr || working[0] != '/' ||
        stat(working.data(), &by_name) != 0) {
      return Enter(UniqueFd(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)), ".");
    }
    Push(working.data());
  }
  return Enter(UniqueFd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)), "/");
}

absl::Status Way::CheckOwner(bool is_last) const {
  const bool is_sticky = (file_.st_mode & S_ISVTX) != 0;
  const uid_t owner = file_.st_uid;
  // A shared directory such as /tmp is still what it was, whatever number its owner has.
  if (is_sticky && OverflowOf(owner) != Overflow::kNotOne) return absl::OkStatus();
  if (is_last ? IsUsOrRoot(owner) : IsTrusted(owner)) return absl::OkStatus();
  return Untrusted(absl::StrFormat(
      "uid %d owns the directory %s, and could put a socket of their own there; use a directory "
      "that belongs to you (uid %d) or to root",
      owner, here_, geteuid()));
}

absl::Status Way::CheckEntry(const std::string& name, const struct stat* file) const {
  if (absl::Status status = CheckOwner(file == nullptr); !status.ok()) return status;
  const bool is_sticky = (file_.st_mode & S_ISVTX) != 0;
  // Where a directory is sticky, a file's owner and the directory's can rename it, and nobody else.
  if (is_sticky && (file == nullptr || IsTrusted(file->st_uid))) return absl::OkStatus();
  const OtherWriters writers = FindOtherWriters(fd_, file_);
  if (writers.who.empty()) return absl::OkStatus();
  if (is_sticky) {
    return Untrusted(absl::StrCat("uid ", file->st_uid, " owns ", Shown(name),
                                  ", and could make it lead elsewhere; use a path that does not "
                                  "lead through another user's files"));
  }
  return Untrusted(absl::StrFormat(
      "%s may write the directory %s (mode %04o), and could put a socket of their own there; take "
      "that right away (%s), set the sticky bit (chmod +t), or use another directory",
      writers.who, here_, file_.st_mode & 07777, writers.remedy));
}

absl::Status Way::Follow(const UniqueFd& link, const std::string& name, const struct stat& file) {
  if (++links_ > kMostLinks) return Failed(ELOOP);
  if (absl::Status status = CheckEntry(name, &file); !status.ok()) return status;
  std::array<char, PATH_MAX> target;
  const ssize_t size = readlinkat(link.get(), "", target.data(), target.size());
  if (size < 0) return Failed(errno);
  const absl::string_view names(target.data(), static_cast<size_t>(size));
  Push(names);
  if (names.empty() || names[0] != '/') return absl::OkStatus();
  return Enter(UniqueFd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)), "/");
}

absl::Status Way::Step(const std::string& name) {
  if (name == ".") return absl::OkStatus();
  if (name == "..") {
    std::string parent = here_.substr(0, here_.rfind('/'));
    return Enter(UniqueFd(openat(fd_.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC)),
                 parent.empty() ? "/" : std::move(parent));
  }
  UniqueFd next(openat(fd_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat file = {};
  if (!next.valid() || fstat(next.get(), &file) != 0) return Failed(errno);
  if (S_ISLNK(file.st_mode)) return Follow(next, name, file);
  if (absl::Status status = CheckEntry(name, &file); !status.ok()) return status;
  return Enter(std::move(next), Shown(name));
}

absl::Status Way::Check() {
  if (absl::Status status = Begin(); !status.ok()) return status;
  while (!ahead_.empty()) {
    const std::string name = std::move(ahead_.back());
    ahead_.pop_back();
    if (absl::Status status = Step(name); !status.ok()) return status;
  }
  return CheckEntry("", nullptr);
}

}  // namespace

absl::Status CheckPathTrusted(absl::string_view path) { return Way(path).Check(); }

bool IsUntrustedPath(const absl::Status& status) {
  return status.GetPayload(kUntrusted).has_value();
}

}  // namespace uds
