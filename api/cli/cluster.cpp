#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "eventstore/files.h"

namespace meent::api::cli {

namespace {

constexpr std::size_t secret_bytes = 32;

/// Never over a file that is there: its nodes would lose each other and all keys.
int make_secret(const std::string& path) {
  if (sodium_init() < 0) throw eventstore::StorageError("libsodium cannot start.", false);
  std::array<unsigned char, secret_bytes> secret{};
  randombytes_buf(secret.data(), secret.size());
  std::array<char, 2 * secret_bytes + 2> text{};
  sodium_bin2hex(text.data(), text.size() - 1, secret.data(), secret.size());
  text[2 * secret_bytes] = '\n';
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    std::cerr << "meent: " << path << ": " << std::strerror(errno) << "\n";
    return cannot_open;
  }
  const auto length = static_cast<ssize_t>(text.size() - 1);
  const bool is_written = ::write(file, text.data(), text.size() - 1) == length;
  const bool is_durable = is_written && ::fsync(file) == 0;
  ::close(file);
  if (!is_durable) throw eventstore::StorageError("cannot write " + path, false);
  std::cout << "made " << path << ": copy it to every node, and into your backup of secrets\n";
  return done;
}

int show_status(const Place& place) {
  return report(place.open()->call(
      {.method = Method::get, .path = "/api/v1/nodes", .body = {}, .headers = {}}));
}

}  // namespace

void add_cluster(CLI::App& app, Run& run) {
  auto* cluster = app.add_subcommand("cluster", "Several nodes over one replicated log");
  cluster->require_subcommand(1);
  auto path = std::make_shared<std::string>();
  auto* secret = cluster->add_subcommand(
      "secret",
      "Make the secret that all nodes of a cluster share: keys travel sealed with it, and nodes "
      "know each other by it");
  secret->add_option("file", *path, "A new file; only you will be able to read it")->required();
  secret->callback([path, &run] { run = [path] { return make_secret(*path); }; });
  auto place = std::make_shared<Place>();
  auto* status = cluster->add_subcommand(
      "status", "Who is there, who owns which partition, and how far everyone has read");
  add_place(*status, *place);
  status->callback([place, &run] { run = [place] { return show_status(*place); }; });
}

}  // namespace meent::api::cli
