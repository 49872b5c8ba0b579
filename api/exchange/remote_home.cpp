#include <nlohmann/json.hpp>

#include "api/exchange/caller.h"
#include "api/moving_desk.h"
#include "api/moving_frames.h"

namespace meent::api {

using namespace domain;
using eventstore::MovedKey;
using eventstore::MoveRefused;
using eventstore::Resident;

namespace {

class RemoteHome final : public eventstore::Home {
 public:
  RemoteHome(const std::string& url, const eventstore::KeyBytes& secret)
      : url_(url), secret_(secret), caller_(operator_caller(url, secret)) {}

  [[nodiscard]] std::string name() const override { return url_; }
  LogId log() override {
    const auto text = nlohmann::json::parse(ask("log"), nullptr, false);
    const auto id = text.is_string() ? LogId::parse(text.get<std::string>()) : std::nullopt;
    if (!id) throw MoveRefused(url_ + " is no node of a cluster.");
    return *id;
  }
  std::optional<Resident> find(std::string_view id_or_slug) override {
    return decode_resident(ask("find", std::string(id_or_slug)));
  }
  void enter(const Resident& resident) override { ask("enter", encode_resident(resident)); }
  void place(PlatformId platform, LogId log) override { ask("place" + of(platform), log.text()); }
  std::vector<std::string> records(PlatformId platform, std::uint64_t after) override {
    return decode_frames(ask("records" + of(platform) + "&after=" + std::to_string(after)));
  }
  std::vector<MovedKey> keys(const std::vector<KeyId>& ids) override {
    std::vector<std::string> frames;
    frames.reserve(ids.size());
    for (const auto id : ids) frames.push_back(id.text());
    return unwrap_keys(decode_frames(ask("keys", encode_frames(frames))), secret_);
  }
  void take_keys(PlatformId platform, const std::vector<MovedKey>& keys) override {
    ask("take-keys" + of(platform), encode_frames(wrap_keys(keys, secret_)));
  }
  void take(PlatformId platform, const std::vector<std::string>& records) override {
    ask("take" + of(platform), encode_frames(records));
  }

 private:
  static std::string of(PlatformId platform) { return "?platform=" + platform.text(); }

  /// A good answer's body. A node that is away, or no owner just now, is a StorageError.
  std::string ask(const std::string& verb, std::string body = {}) {
    ApiAnswer answer;
    try {
      answer = caller_->call({.method = Method::post,
                              .path = std::string(moving_prefix) + verb,
                              .body = std::move(body),
                              .headers = {}});
    } catch (const CallFailed& error) {
      throw eventstore::StorageError(error.what(), true);
    }
    if (answer.is_good()) return std::move(answer.body);
    const auto json = nlohmann::json::parse(answer.body, nullptr, false);
    const auto detail = json.is_object() ? json.value("detail", json.value("title", "")) : "";
    const auto said = url_ + ": " + std::to_string(answer.status) + ' ' + detail;
    if (answer.status >= 500) throw eventstore::StorageError(said, true);
    throw MoveRefused(said);
  }

  std::string url_;
  eventstore::KeyBytes secret_;
  std::unique_ptr<ApiCaller> caller_;
};

}  // namespace

std::unique_ptr<eventstore::Home> remote_home(const std::string& url,
                                              const eventstore::KeyBytes& secret) {
  return std::make_unique<RemoteHome>(url, secret);
}

}  // namespace meent::api
