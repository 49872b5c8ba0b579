#pragma once
#include <vector>

#include "domain/action.h"

/// One event of every type, filled from a source of values.
namespace meent::eventstore {

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual domain::IdBytes id() = 0;
  /// Any text, quotes and other scripts among it.
  virtual std::string text() = 0;
  virtual std::uint32_t number() = 0;
  /// 0..below-1
  virtual std::uint32_t choice(std::uint32_t below) = 0;
  virtual domain::Timestamp time() = 0;
  /// `origin`: "comment-placed/body".
  virtual domain::PrivateText words(std::string origin) = 0;
};

std::vector<domain::Event> sample_events(SampleSource& source);

}  // namespace meent::eventstore
