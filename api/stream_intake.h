#pragma once
#include <chrono>
#include <functional>
#include <string_view>

#include "api/event_stream.h"

namespace meent::api {

/// Gives a stream's bytes to `piece` on this thread, until the stream ends.
/// False: nothing came for `longest_silence`; the stream is closed all the same.
bool take_all(EventStream& stream, std::chrono::milliseconds longest_silence,
              const std::function<void(std::string_view)>& piece);

}  // namespace meent::api
