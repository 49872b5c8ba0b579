#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace meent::api {

struct HttpAnswer {
  unsigned status = 0;
  std::map<std::string, std::string> headers;  // names as sent
  std::string body;
};

/// A plain blocking connection: what is sent is exactly what the test says. Waits at most five
/// seconds.
class TestClient {
 public:
  explicit TestClient(std::uint16_t port, int receive_buffer_bytes = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer_bytes > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                   sizeof receive_buffer_bytes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect");
  }
  ~TestClient() { leave(); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("cannot send");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void finish_sending() { ::shutdown(socket_, SHUT_WR); }
  void leave() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  /// The next answer: its head, and as many bytes as Content-Length says (none for HEAD).
  HttpAnswer answer(bool is_head = false) {
    const std::string head = until("\r\n\r\n");
    HttpAnswer result;
    result.status = static_cast<unsigned>(std::stoul(head.substr(9, 3)));
    std::size_t at = head.find("\r\n") + 2;
    while (at < head.size() - 2) {
      const std::size_t end = head.find("\r\n", at);
      const std::size_t colon = head.find(": ", at);
      result.headers[head.substr(at, colon - at)] = head.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
    if (is_head || !result.headers.contains("Content-Length")) return result;
    const std::size_t length = std::stoul(result.headers["Content-Length"]);
    while (received_.size() < length)
      if (!receive()) throw std::runtime_error("closed in the midst of a body");
    result.body = received_.substr(0, length);
    received_.erase(0, length);
    return result;
  }

  HttpAnswer ask(std::string_view bytes) {
    send(bytes);
    return answer();
  }

  std::string until(std::string_view mark) {
    std::size_t at = 0;
    while ((at = received_.find(mark)) == std::string::npos)
      if (!receive()) throw std::runtime_error("closed before: " + std::string(mark));
    std::string text = received_.substr(0, at + mark.size());
    received_.erase(0, text.size());
    return text;
  }

  /// Everything up to the server's end of the connection.
  std::string rest() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }

  bool is_closed_within(std::chrono::milliseconds time) {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(time.count())) == 0) return false;
    char byte = 0;
    return ::recv(socket_, &byte, 1, MSG_PEEK) <= 0;
  }

 private:
  bool receive() {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, 5000) <= 0) throw std::runtime_error("nothing came within 5 s");
    char buffer[65536];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  int socket_;
  std::string received_;
};

}  // namespace meent::api
