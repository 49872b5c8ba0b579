#pragma once
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/http.h"
#include "eventstore/seal.h"

/// The API as the command line uses it: in this process on a data folder, or over HTTP on a server.
/// Both are the same requests, so a command does the same either way.
namespace meent::api {

struct ApiRequest {
  Method method = Method::get;
  std::string path;  ///< "/api/v1/platforms/…", with its query
  std::string body;  ///< JSON; empty: none
  std::vector<std::pair<std::string, std::string>> headers;
};

struct ApiAnswer {
  unsigned status = 0;
  std::string body;
  [[nodiscard]] bool is_good() const { return status >= 200 && status < 300; }
};

/// Network or disk failed; the text says what to do.
class CallFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Threads: one.
class ApiCaller {
 public:
  virtual ~ApiCaller() = default;
  /// Sends in order; `done` may come later, in order of sending, from any thread.
  /// Blocks while too many are under way. Throws CallFailed.
  virtual void send(ApiRequest request, std::function<void(ApiAnswer)> done) = 0;
  /// Waits until all that was sent is answered. Throws CallFailed.
  virtual void wait_for_all() = 0;
  /// One call and its answer.
  ApiAnswer call(ApiRequest request);
  /// Pieces of a long answer as they come; the answer has its status only. Throws CallFailed.
  virtual ApiAnswer stream(ApiRequest request,
                           const std::function<void(std::string_view)>& piece) = 0;
};

/// In this process, as its operator. `dispatch` answers each request once, and may keep a reference
/// to it until then; what it works on outlives the caller.
using Dispatch = std::function<void(Request&, Respond)>;
std::unique_ptr<ApiCaller> dispatch_caller(Dispatch dispatch);
/// On a data folder, as its operator. Throws StartRefused when somebody else has it.
std::unique_ptr<ApiCaller> local_caller(const std::string& folder);
/// On a server, with a bearer token. `url`: "https://meent.example"; no path.
std::unique_ptr<ApiCaller> remote_caller(const std::string& url, const std::string& token);

/// On a node of a cluster, as an operator who has the cluster's secret.
std::unique_ptr<ApiCaller> operator_caller(const std::string& url,
                                           const eventstore::KeyBytes& secret);

}  // namespace meent::api
