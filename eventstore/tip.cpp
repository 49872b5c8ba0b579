#include "eventstore/tip.h"

#include "eventstore/bytes.h"
#include "eventstore/crc.h"

// tip  := slot slot                       4096 bytes each, so that no disk sector holds both
// slot := "MEENTIP1", sequence (8), next offset (8), last offset (8), envelope hash (32),
//         crc32c (4), zeros               the whole slot with the higher sequence counts
namespace meent::eventstore {
namespace {

constexpr std::size_t slot_bytes = 4096;
constexpr std::string_view magic = "MEENTIP1";
constexpr std::size_t used_bytes = 8 + 8 + 8 + 8 + 32 + 4;

struct Slot {
  std::uint64_t sequence = 0;
  KeptTip tip;
};

std::string encode_slot(const Slot& slot) {
  std::string out(magic);
  put_number(out, slot.sequence);
  put_number(out, slot.tip.next_offset);
  put_number(out, slot.tip.last_offset);
  put_bytes(out, slot.tip.envelope_hash);
  put_number(out, crc32c(out));
  return out;
}

std::optional<Slot> decode_slot(std::string_view bytes) {
  if (bytes.size() < used_bytes || !bytes.starts_with(magic)) return std::nullopt;
  ByteReader in(bytes.substr(magic.size()));
  Slot slot;
  slot.sequence = in.number<std::uint64_t>();
  slot.tip.next_offset = in.number<std::uint64_t>();
  slot.tip.last_offset = in.number<std::uint64_t>();
  slot.tip.envelope_hash = in.array<32>();
  const auto crc = in.number<std::uint32_t>();
  if (crc != crc32c(bytes.substr(0, used_bytes - 4))) return std::nullopt;
  return slot;
}

std::optional<Slot> latest_slot(SlotFile& file) {
  const auto first = decode_slot(file.read_at(0, slot_bytes));
  const auto second = decode_slot(file.read_at(slot_bytes, slot_bytes));
  if (first && second) return first->sequence > second->sequence ? first : second;
  return first ? first : second;
}

}  // namespace

ReadTip read_tip(const std::filesystem::path& path, Files& files) {
  if (!files.exists(path)) return {ReadTip::Found::absent, {}};
  const auto file = files.open_slots(path);
  if (file->size() == 0) return {ReadTip::Found::emptied, {}};
  const auto slot = latest_slot(*file);
  if (!slot) return {ReadTip::Found::damaged, {}};
  return {ReadTip::Found::kept, slot->tip};
}

TipFile::TipFile(const std::filesystem::path& path, Files& files, const KeptTip& tip)
    : file_(files.open_slots(path)) {
  const auto before = latest_slot(*file_);
  if (before) {
    sequence_ = before->sequence;
    return;
  }
  // Both slots at full length, so that later writes change no size and need no journal. The one
  // that counts goes last: a start cut off here leaves no whole slot with less in it.
  auto slot = encode_slot({.sequence = 1, .tip = tip});
  slot.resize(slot_bytes, '\0');
  file_->write_at(slot_bytes, std::string(slot_bytes, '\0'));
  file_->write_at(0, slot);
  file_->sync();
  sequence_ = 1;
}

void TipFile::write(const KeptTip& tip) {
  // Odd sequences lie in the first slot.
  ++sequence_;
  file_->write_at((sequence_ % 2 == 1 ? 0 : slot_bytes),
                  encode_slot({.sequence = sequence_, .tip = tip}));
  file_->sync();
}

}  // namespace meent::eventstore
