#pragma once
#include <cstdint>
#include <string_view>

namespace meent::eventstore {

/// CRC-32C (Castagnoli), as iSCSI and RocksDB use it: crc32c("123456789") is 0xE3069283.
std::uint32_t crc32c(std::string_view bytes);
/// The same where the processor has no instruction for it.
std::uint32_t crc32c_portable(std::string_view bytes);

}  // namespace meent::eventstore
