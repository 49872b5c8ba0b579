#include "tests/bench/raw_loop.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "eventstore/codec.h"
#include "eventstore/envelope.h"

namespace meent::bench {
namespace {

template <class Id>
std::string_view bytes_of(const Id& id) {
  return {reinterpret_cast<const char*>(id.value().data()), id.value().size()};
}

/// As wide as the store's: eventstore/database_rows.cpp.
constexpr std::size_t progress_bytes = 16, tip_bytes = 48, index_bytes = 44, id_bytes = 52;

void put(rocksdb::WriteBatch& batch, const std::string& key, const std::string& value) {
  if (!batch.Put(key, value).ok()) throw std::runtime_error("raw put");
}

/// The rows of one group's envelope.
void put_rows(rocksdb::WriteBatch& batch, const std::string& offset, const std::string& envelope) {
  put(batch, offset, envelope);
  put(batch, "next", std::string(progress_bytes, 'n'));
  const auto decoded = eventstore::decode_envelope(envelope);
  const auto* group = decoded ? std::get_if<eventstore::Group>(&decoded->body) : nullptr;
  const auto record =
      group != nullptr ? eventstore::decode_record(group->record).value() : eventstore::Record();
  if (record.commits.empty()) return;
  const std::string platform(bytes_of(record.header.platform));
  put(batch, "t" + platform, std::string(tip_bytes, 't'));
  put(batch, platform + offset, std::string(index_bytes, 'i'));
  for (const auto& commit : record.commits) {
    put(batch, platform + std::string(bytes_of(commit.command_id)), std::string(id_bytes, 'c'));
    for (const auto& raw : commit.events) {
      const auto event = eventstore::decode_event(raw).value();
      const auto* support = std::get_if<domain::SupportEvent>(&event);
      const auto* given = support != nullptr ? std::get_if<domain::SupportGiven>(support) : nullptr;
      if (given == nullptr) continue;
      put(batch,
          platform + "s" + std::string(bytes_of(given->contribution)) +
              std::string(bytes_of(given->person)),
          "s");
    }
  }
}

double write_all(std::vector<rocksdb::WriteBatch>& batches, const std::filesystem::path& folder) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(options, folder.string(), &opened).ok()) throw std::runtime_error("raw");
  const std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const auto began = std::chrono::steady_clock::now();
  for (auto& batch : batches) {
    if (!db->Write(synced, &batch).ok()) throw std::runtime_error("raw write");
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

RawLoop run_raw_loop(const eventstore::Store& store, std::uint64_t from,
                     const std::filesystem::path& folder) {
  RawLoop out;
  std::vector<rocksdb::WriteBatch> envelopes, rows;
  store.read(from, [&](const eventstore::StoredEnvelope& stored) {
    auto offset = std::to_string(100'000'000 + stored.offset).substr(1);
    put(envelopes.emplace_back(), offset, stored.bytes);
    put_rows(rows.emplace_back(), offset, stored.bytes);
    out.envelope_bytes += static_cast<double>(stored.bytes.size());
    return true;
  });
  out.envelope_count = envelopes.size();
  std::filesystem::create_directories(folder);
  out.envelope_seconds = write_all(envelopes, folder / "envelopes");
  out.row_seconds = write_all(rows, folder / "rows");
  return out;
}

}  // namespace meent::bench
