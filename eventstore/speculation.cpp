#include "eventstore/speculation.h"

namespace meent::eventstore {

std::optional<std::string> Speculation::get(std::string_view key) const {
  const auto found = entries_.find(key);
  if (found != entries_.end()) return found->second.value;
  auto value = reader_->get(key);
  entries_.try_emplace(std::string(key), Entry{.value = value, .group = 0});
  return value;
}

void Speculation::put(std::string key, std::string value) {
  write(std::move(key), std::move(value));
}

void Speculation::erase(std::string key) {
  write(std::move(key), std::nullopt);
}

void Speculation::write(std::string key, std::optional<std::string> value) {
  if (written_.empty() || written_.back().first != group_) written_.emplace_back(group_, 0);
  const auto [place, is_new] = entries_.try_emplace(std::move(key));
  if (is_new || place->second.group != group_) written_.back().second.push_back(&*place);
  place->second = Entry{.value = std::move(value), .group = group_};
}

void Speculation::settle(std::uint64_t group) {
  while (!written_.empty() && written_.front().first <= group) {
    for (auto* entry : written_.front().second) {
      if (entry->second.group == written_.front().first) entry->second.group = 0;
    }
    written_.pop_front();
  }
}

void Speculation::discard() {
  entries_.clear();
  written_.clear();
}

std::size_t Speculation::drop_settled() {
  return std::erase_if(entries_, [](const auto& entry) { return entry.second.group == 0; });
}

}  // namespace meent::eventstore
