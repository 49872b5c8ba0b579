#include <condition_variable>
#include <mutex>

#include "api/exchange/caller.h"
#include "api/local_node.h"
#include "api/routes/routes.h"
#include "api/stream_hub.h"
#include "api/stream_intake.h"

namespace meent::api {

namespace {

constexpr std::size_t most_under_way = 4000;
constexpr std::chrono::minutes longest_silence{5};

class DispatchCaller : public ApiCaller {
 public:
  explicit DispatchCaller(Dispatch dispatch) : dispatch_(std::move(dispatch)) {}

  void send(ApiRequest wanted, std::function<void(ApiAnswer)> done) override {
    wait_until([&] { return under_way_ < most_under_way; });
    {
      const std::lock_guard lock(mutex_);
      ++under_way_;
    }
    // A request lives until it is answered: the answer holds it.
    auto request = std::make_shared<Request>(made_from(std::move(wanted)));
    dispatch_(*request, Respond([this, request, done = std::move(done)](Response response) {
      done({response.status, std::string(response.body.view())});
      const std::lock_guard lock(mutex_);
      --under_way_;
      changed_.notify_all();
    }));
  }

  void wait_for_all() override {
    wait_until([&] { return under_way_ == 0; });
  }

  ApiAnswer stream(ApiRequest wanted, const std::function<void(std::string_view)>& piece) override {
    auto request = std::make_shared<Request>(made_from(std::move(wanted)));
    std::shared_ptr<EventStream> stream;
    ApiAnswer answer;
    dispatch_(*request, Respond([&, request](Response response) {
      stream = response.stream;
      answer = {response.status, std::string(response.body.view())};
    }));
    if (!stream) return answer;
    if (!take_all(*stream, longest_silence, piece)) {
      throw CallFailed("no answer came for five minutes");
    }
    return answer;
  }

 private:
  static Request made_from(ApiRequest wanted) {
    Request request;
    request.method = wanted.method;
    request.method_name = to_string(wanted.method);
    request.target = std::move(wanted.path);
    request.body = std::move(wanted.body);
    request.is_local_operator = true;
    if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
    for (const auto& [name, value] : wanted.headers) request.headers.add(name, value);
    if (const auto parsed = parse_target(request); !parsed) throw CallFailed(parsed.error());
    return request;
  }

  template <class Condition>
  void wait_until(Condition condition) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, longest_silence, condition)) {
      throw CallFailed("no answer came for five minutes");
    }
  }

  Dispatch dispatch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
};

class LocalCaller final : public DispatchCaller {
 public:
  explicit LocalCaller(const std::string& folder)
      : DispatchCaller([this](Request& request, Respond respond) {
          router_.dispatch(request, std::move(respond));
        }),
        local_({.folder = folder}),
        hub_(local_.node().store) {
    add_routes(router_, local_.node(), hub_, [] { return Server::Counts{}; });
  }
  ~LocalCaller() override { hub_.stop(); }

 private:
  LocalNode local_;
  StreamHub hub_;
  Router router_;
};

}  // namespace

ApiAnswer ApiCaller::call(ApiRequest request) {
  ApiAnswer answer;
  send(std::move(request), [&](ApiAnswer given) { answer = std::move(given); });
  wait_for_all();
  return answer;
}

std::unique_ptr<ApiCaller> dispatch_caller(Dispatch dispatch) {
  return std::make_unique<DispatchCaller>(std::move(dispatch));
}

std::unique_ptr<ApiCaller> local_caller(const std::string& folder) {
  return std::make_unique<LocalCaller>(folder);
}

}  // namespace meent::api
