#pragma once
#include <string>
#include <variant>
#include <vector>

#include "domain/context.h"
#include "domain/reason.h"
#include "domain/result.h"
#include "domain/state.h"
#include "domain/text.h"

/// Platforms: the first facts of each one's log, and the directory's list of them.
namespace meent::domain {

// Commands -------------------------------------------------------------------------------------

/// First command of every platform's log, the directory's included.
struct CreatePlatform {
  LogId log;
  KeyId platform_key;  ///< already in the key store
  std::string slug;    ///< is_slug
  std::string name;    ///< 1..120 characters
  std::string language;
  std::string introduction;  ///< CommonMark, 0..4000 characters
  /// Of the directory: the level that a new log begins at.
  std::uint32_t level = 1;
};
/// On the directory only: slug and hosts become this platform's.
struct RegisterPlatform {
  PlatformId platform;
  std::string slug;
  std::string name;
  std::vector<std::string> hosts;  ///< 0..16, lower-case host names
  std::uint32_t partition = 0;
};
/// From then on the platform lives in that log, and this one takes no more of its commands.
struct MovePlatform {
  LogId log;
};
/// On the directory only: from then on events of this level are written into the log.
struct RaiseLevel {
  std::uint32_t level = 0;
  std::uint32_t newest = 1;  ///< that the software which writes knows
};
using PlatformCommand = std::variant<CreatePlatform, RegisterPlatform, MovePlatform, RaiseLevel>;

// Events ---------------------------------------------------------------------------------------

/// The first event of each log that a platform comes to, and the last of each that it leaves.
struct PlatformPlaced {
  LogId log;
  bool operator==(const PlatformPlaced&) const = default;
};
struct PlatformCreated {
  KeyId platform_key;
  std::string slug, name, language, introduction;
  bool operator==(const PlatformCreated&) const = default;
};
struct PlatformRegistered {
  PlatformId platform;
  std::string slug, name;
  std::vector<std::string> hosts;
  std::uint32_t partition = 0;
  bool operator==(const PlatformRegistered&) const = default;
};
/// Software that does not know this level must read no further.
struct LevelRaised {
  std::uint32_t level = 0;
  bool operator==(const LevelRaised&) const = default;
};
using PlatformEvent =
    std::variant<PlatformPlaced, PlatformCreated, PlatformRegistered, LevelRaised>;

// State ----------------------------------------------------------------------------------------

/// Key: empty string (one per platform).
struct PlatformRecord {
  static constexpr char table = 'P';
  using Key = std::string;
  LogId log;
  KeyId platform_key;
  std::string slug, name, language, introduction;
  Timestamp created_at;
  template <class A>
  void fields(A& a) {
    a(log, platform_key, slug, name, language, introduction, created_at);
  }
};
/// In the directory. Key: the platform.
struct DirectoryRecord {
  static constexpr char table = 'D';
  using Key = PlatformId;
  std::string slug, name;
  std::vector<std::string> hosts;
  std::uint32_t partition = 0;
  template <class A>
  void fields(A& a) {
    a(slug, name, hosts, partition);
  }
};
/// In the directory. Key: "slug:<slug>" or "host:<host>".
struct PlatformNameRecord {
  static constexpr char table = 'N';
  using Key = std::string;
  PlatformId platform;
  template <class A>
  void fields(A& a) {
    a(platform);
  }
};

/// In the directory, once its log is above level 1. Key: empty string.
struct LevelRecord {
  static constexpr char table = 'L';
  using Key = std::string;
  std::uint32_t level = 1;
  template <class A>
  void fields(A& a) {
    a(level);
  }
};
/// Of the log whose directory this is.
std::uint32_t level_in(const State& directory);

// Rules ----------------------------------------------------------------------------------------

/// In order of precedence.
enum class PlatformRejection : std::uint8_t {
  not_allowed,
  already_created,    ///< this platform's log has its first facts
  not_the_directory,  ///< RegisterPlatform or RaiseLevel elsewhere than in the directory
  bad_slug,
  slug_taken,
  bad_name,
  bad_language,
  introduction_too_long,
  bad_host,
  host_taken,
  already_registered,
  not_founded,      ///< there is no platform here to move
  directory_stays,  ///< each log has a directory of its own
  lives_there,      ///< the platform is in that log already
  level_reached,    ///< the log is at that level already
  level_unknown,    ///< newer than what this software knows
};
Result<std::vector<PlatformEvent>, PlatformRejection> decide(const State&, const PlatformCommand&,
                                                             const Context&);
void evolve(MutableState&, const PlatformEvent&, const EventContext&);
Reason explain(PlatformRejection rejection);

}  // namespace meent::domain
