#include <curl/curl.h>

#include "api/exchange/caller.h"
#include "api/node_seal.h"
#include "api/requester.h"

namespace meent::api {

namespace {

constexpr long connect_limit_s = 10;
constexpr long silence_limit_s = 60;

using Piece = std::function<void(std::string_view)>;

std::size_t take_piece(char* bytes, std::size_t size, std::size_t count, void* piece) {
  (*static_cast<const Piece*>(piece))({bytes, size * count});
  return size * count;
}

struct CurlDone {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListDone {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// One connection, kept alive; one call at a time.
class RemoteCaller : public ApiCaller {
 public:
  /// What proves who asks: the header line for this request.
  using Proof = std::function<std::string(const ApiRequest&)>;

  RemoteCaller(std::string url, Proof proof)
      : url_(std::move(url)), proof_(std::move(proof)), handle_(curl_easy_init()) {
    if (!handle_) throw CallFailed("libcurl could not be started");
    while (url_.ends_with('/')) url_.pop_back();
  }

  void send(ApiRequest request, std::function<void(ApiAnswer)> done) override {
    std::string body;
    auto answer = stream(std::move(request), [&](std::string_view piece) { body += piece; });
    answer.body = std::move(body);
    done(std::move(answer));
  }
  void wait_for_all() override {}

  ApiAnswer stream(ApiRequest request, const Piece& piece) override {
    auto* curl = handle_.get();
    curl_easy_reset(curl);
    const auto url = url_ + request.path;
    const std::string method(to_string(request.method));
    std::unique_ptr<curl_slist, ListDone> headers;
    const auto add = [&](const std::string& line) {
      headers.reset(curl_slist_append(headers.release(), line.c_str()));
    };
    add(proof_(request));
    if (!request.body.empty()) add("Content-Type: application/json");
    for (const auto& [name, value] : request.headers) add(name + ": " + value);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, connect_limit_s);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, silence_limit_s);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_piece);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &piece);
    if (request.method != Method::get) {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    }
    const auto result = curl_easy_perform(curl);
    if (result != CURLE_OK) {
      throw CallFailed(url_ + ": " + curl_easy_strerror(result) +
                       ". Nothing is lost: run the same command again.");
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return {static_cast<unsigned>(status), {}};
  }

 private:
  std::string url_;
  Proof proof_;
  std::unique_ptr<CURL, CurlDone> handle_;
};

}  // namespace

std::unique_ptr<ApiCaller> remote_caller(const std::string& url, const std::string& token) {
  return std::make_unique<RemoteCaller>(
      url, [token](const ApiRequest&) { return "Authorization: Bearer " + token; });
}

std::unique_ptr<ApiCaller> operator_caller(const std::string& url,
                                           const eventstore::KeyBytes& secret) {
  return std::make_unique<RemoteCaller>(url, [seal = NodeSeal(secret)](const ApiRequest& request) {
    const NodeSeal::Passed passed{
        .applied = 0, .is_loopback = false, .is_operator = true, .is_first_hop = true};
    return std::string(node_seal_header) + ": " +
           seal.make(to_string(request.method), request.path, "", request.body, passed,
                     wall_clock());
  });
}

}  // namespace meent::api
