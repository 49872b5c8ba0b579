#pragma once

// Private to the server: the only headers that show Asio.
#include "api/request_reader.h"
#include "api/server.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/uio.h>

namespace meent::api {

using Clock = std::chrono::steady_clock;
using Socket = boost::asio::ip::tcp::socket;

class Connection;
class Loop;

/// One request on its way to its answer. Kept alive by the connection and by the `Respond` given
/// out.
struct Exchange {
  const std::shared_ptr<Loop> loop;
  const std::weak_ptr<Connection> connection;
  Request request;
  Response response;         // written by whoever answers, read once it is answered
  bool is_answered = false;  // loop's thread only, like the rest
  bool keeps_alive = true;
  bool is_http_1_0 = false;

  Exchange(std::shared_ptr<Loop> its_loop, std::weak_ptr<Connection> its_connection);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  /// A stream that never got onto its connection learns that it has no client.
  ~Exchange();
};

/// A problem with the headers of every answer, for what never reaches the router.
Response problem_below_router(const Problem& problem, std::string_view instance);

/// What is to be written: runs of text (heads, small bodies) with larger bodies between them,
/// uncopied.
struct Outgoing {
  struct Part {
    std::size_t text_begin;
    std::size_t text_end;
    Body body;  // after the text; may be empty
  };
  std::string text;
  std::vector<Part> parts;

  /// Ends the current run of text with a body that is not copied.
  void add_body(Body body);
  void end_text();
  void clear();

 private:
  std::size_t run_begin_ = 0;
};

/// One event loop: its thread, its connections, and an inbox through which other threads hand it
/// answers.
class Loop : public std::enable_shared_from_this<Loop> {
 public:
  Loop(const Server::Options& options, const Server::Dispatch& dispatch);

  void start();
  /// From any thread; cheap when others have done so since the loop last looked.
  void answer(std::shared_ptr<Exchange> exchange, Response response);
  void post_wake(std::shared_ptr<Connection> connection);
  /// Takes a connection over, from the accepting thread.
  void adopt(Socket socket, const boost::asio::ip::address& remote);
  /// Begins to end: idle connections go now, streams say farewell.
  void begin_stop();
  /// Closes what is left, ends the thread.
  void finish_stop();

  // ---- for its connections, on its thread ----
  void forget(Connection& connection);
  std::string_view date_line();

  boost::asio::io_context context{1};
  const Server::Options options;
  const Server::Dispatch& dispatch;
  Clock::time_point now = Clock::now();  // as of the last event or sweep
  std::vector<char> read_buffer;
  Outgoing outgoing;
  std::vector<iovec> pieces;
  bool is_stopping = false;
  std::atomic<std::uint64_t> open_count = 0;
  std::atomic<std::uint64_t> stream_count = 0;
  std::atomic<std::uint64_t> accepted_count = 0;
  std::atomic<std::uint64_t> request_count = 0;
  std::atomic<std::uint64_t> protocol_error_count = 0;
  std::atomic<std::uint64_t> sent_bytes = 0;

 private:
  void post_drain_locked();
  void drain_inbox();
  void schedule_sweep();
  void sweep();

  struct Inbox {
    std::vector<std::shared_ptr<Exchange>> answers;
    std::vector<std::shared_ptr<Connection>> wakes;
  };
  std::mutex inbox_mutex_;
  Inbox inbox_;
  bool is_drain_posted_ = false;
  bool is_closed_ = false;
  bool is_finished_ = false;  // loop's thread only: takes no more connections
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  boost::asio::steady_timer sweep_timer_{context};
  std::string date_line_;
  std::chrono::seconds date_of_{0};
  std::thread thread_;
};

/// One connection, driven by its loop. Everything but `wake` runs on the loop's thread.
class Connection final : public std::enable_shared_from_this<Connection>,
                         public EventStream::Outlet {
 public:
  Connection(std::shared_ptr<Loop> loop, Socket socket, const boost::asio::ip::address& remote);
  ~Connection() override;

  void start();
  bool is_parsing() const { return is_parsing_; }
  void wake() override;
  void flush();
  void feed_stream();
  void sweep();
  void begin_stop();
  void close(StreamEnd reason);

 private:
  enum class Phase : std::uint8_t { serving, streaming, lingering, closed };
  struct Unsent {
    Body body;
    std::size_t offset;
  };

  void await_input();
  void on_input(const boost::system::error_code& error);
  void use_input(std::string_view bytes);
  std::size_t parse(std::string_view bytes);
  void begin_exchange();
  void fail_protocol(const Problem& problem);
  void dispatch(const std::shared_ptr<Exchange>& exchange);
  std::size_t waiting_count() const { return exchanges_.size() - first_exchange_; }
  void pop_exchange();

  void write_answer(Outgoing& out, Exchange& exchange, bool keeps_alive);
  void begin_stream(const Exchange& exchange, std::shared_ptr<EventStream> stream);
  void send_heartbeat();
  void write_stream_chunk(Outgoing& out, const std::vector<std::shared_ptr<const Chunk>>& chunks);
  /// What the system does not take now is kept in unsent_ and goes on when it takes more.
  void send(Outgoing& out);
  /// Bytes the system took; nothing: the connection broke and is closed.
  std::optional<std::size_t> write_some(std::vector<iovec>& pieces);
  void keep_unsent(Outgoing& out, std::size_t sent);
  void await_writable();
  void on_writable(const boost::system::error_code& error);
  void after_all_sent();
  void linger();

  const std::shared_ptr<Loop> loop_;
  Socket socket_;
  std::string remote_address_;
  bool is_loopback_;
  Phase phase_ = Phase::serving;
  bool is_awaiting_input_ = false;
  bool is_input_over_ = false;  // nothing more is parsed from this connection
  bool is_parsing_ = false;     // answers given meanwhile are flushed together afterwards
  bool has_left_ = false;       // the client will send nothing more
  bool closes_after_answers_ = false;
  bool is_continue_due_ = false;
  bool is_stream_chunked_ = true;
  bool is_feed_due_ = false;             // woken while earlier bytes were still unsent
  std::optional<StreamEnd> stream_end_;  // its last bytes are on their way
  RequestReader reader_;
  std::shared_ptr<Exchange> current_;  // being read
  std::vector<std::shared_ptr<Exchange>>
      exchanges_;  // in order; those before first_exchange_ are gone
  std::size_t first_exchange_ = 0;
  std::string unused_input_;
  std::vector<Unsent> unsent_;
  std::size_t first_unsent_ = 0;
  std::shared_ptr<EventStream> stream_;
  std::size_t stream_unsent_bytes_ = 0;
  Clock::time_point reading_since_;
  Clock::time_point last_progress_;
};

}  // namespace meent::api
