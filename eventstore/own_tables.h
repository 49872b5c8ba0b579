#pragma once
#include <cstdint>
#include <string>

#include "domain/state.h"
#include "eventstore/record.h"

/// State records that belong to the log itself, in tables beside the domain's.
namespace meent::eventstore {

/// How far an import has come. Key: the source's digest.
struct ImportRecord {
  static constexpr char table = 'I';
  using Key = domain::SourceDigest;
  std::uint64_t row_count = 0;
  template <class A>
  void fields(A& a) {
    a(row_count);
  }
};

/// Which command ids are forgotten next. Key: empty.
struct ExpiryRecord {
  static constexpr char table = 'E';
  using Key = std::string;
  std::uint64_t next_position = 1;  ///< base of the oldest record whose ids are remembered
  domain::Timestamp recorded_at;    ///< its last commit's, once it was looked at; else 0
  template <class A>
  void fields(A& a) {
    a(next_position, recorded_at);
  }
};

/// The record at which this platform's state stands still. Key: empty.
struct StopRecord {
  static constexpr char table = '!';
  using Key = std::string;
  std::uint64_t position = 0;
  std::string why;
  template <class A>
  void fields(A& a) {
    a(position, why);
  }
};

}  // namespace meent::eventstore
