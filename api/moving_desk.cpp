#include "api/moving_desk.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <charconv>

#include "api/moving_frames.h"

namespace meent::api {

using namespace domain;
using eventstore::MoveRefused;

namespace {

constexpr std::size_t most_waiting = 8;

std::string_view verb_of(const Request& request) {
  std::string_view target = request.target;
  target.remove_prefix(std::min(moving_prefix.size(), target.size()));
  return target.substr(0, target.find('?'));
}

PlatformId platform_of(const Request& request) {
  const auto text = request.query_value("platform");
  const auto id = text ? PlatformId::parse(*text) : std::nullopt;
  if (!id) throw MoveRefused("?platform= must be a platform's id.");
  return *id;
}

std::uint64_t number_of(const Request& request, std::string_view name) {
  const auto text = request.query_value(name).value_or("");
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw MoveRefused("?" + std::string(name) + "= must be a number.");
  }
  return out;
}

Response bytes(std::string body) {
  Response out = Response::json(std::move(body));
  out.headers.set("Content-Type", "application/octet-stream");
  return out;
}

}  // namespace

MovingDesk::MovingDesk(const Node& node, const eventstore::KeyBytes& secret)
    : secret_(secret), home_(node.store, node.keys, node.sequencer, "The cluster"), thread_([this] {
        ::pthread_setname_np(::pthread_self(), "meent-moving");
        work();
      }) {}

MovingDesk::~MovingDesk() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::optional<std::uint32_t> MovingDesk::partition_for(const Request& request,
                                                       std::uint32_t partitions) {
  const auto verb = verb_of(request);
  if (verb == "enter") return 0;
  if (verb != "place" && verb != "take" && verb != "take-keys") return std::nullopt;
  const auto id = PlatformId::parse(request.query_value("platform").value_or(""));
  return id ? std::optional(eventstore::partition_of(*id, partitions)) : std::nullopt;
}

void MovingDesk::answer(const Request& request, Respond respond) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < most_waiting) {
      waiting_.emplace_back(&request, std::move(respond));
      wake_.notify_one();
      return;
    }
  }
  respond(to_response(Problem{&problems::not_ready, {}, {}, std::chrono::seconds(1)}, request));
}

void MovingDesk::work() {
  while (true) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
    if (is_stopping_) return;
    auto [request, respond] = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    respond(answer_now(*request));
  }
}

Response MovingDesk::answer_now(const Request& request) {
  const auto problem = [&](const ProblemType& type, const std::exception& why) {
    return to_response(Problem{&type, why.what(), {}, {}}, request);
  };
  try {
    const auto verb = verb_of(request);
    if (verb == "log") return Response::json('"' + home_.log().text() + '"');
    if (verb == "find") return Response::json(encode_resident(home_.find(request.body)));
    if (verb == "enter") {
      home_.enter(decode_resident(request.body).value_or(eventstore::Resident{}));
    } else if (verb == "place") {
      home_.place(platform_of(request), LogId::parse(request.body).value_or(LogId()));
    } else if (verb == "records") {
      return bytes(encode_frames(home_.records(platform_of(request), number_of(request, "after"))));
    } else if (verb == "keys") {
      const auto keys = home_.keys(key_ids(decode_frames(request.body)));
      return bytes(encode_frames(wrap_keys(keys, secret_)));
    } else if (verb == "take-keys") {
      home_.take_keys(platform_of(request), unwrap_keys(decode_frames(request.body), secret_));
    } else if (verb == "take") {
      home_.take(platform_of(request), decode_frames(request.body));
    } else {
      return to_response(Problem{&problems::not_found, {}, {}, {}}, request);
    }
    return Response::json("{}");
  } catch (const MoveRefused& why) {
    return problem(problems::refused, why);
  } catch (const std::exception& why) {
    spdlog::warn("moving a platform: {}", why.what());
    return problem(problems::outcome_unknown, why);
  }
}

}  // namespace meent::api
