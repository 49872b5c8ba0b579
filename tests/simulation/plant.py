#!/usr/bin/env python3
"""Writes a copy of production sources with mistakes that a test can switch on.

    plant.py ROOT OUT      copies each source named below to OUT/, mistakes planted

Every place must be found exactly once, so a source that changes takes its mistakes along, or the
build says which one is to be looked at.
"""

import pathlib
import sys

# Source: [(mistake, what stands there, what stands there instead)]. `PLANTED` becomes the switch.
MISTAKES = {
    "eventstore/admit.cpp": [
        ("foreign_stops",
         "case EnvelopeError::foreign: return Void{VoidReason::foreign};",
         "case EnvelopeError::foreign:\n"
         "        if (PLANTED) return Stop{StopReason::unknown_version};\n"
         "        return Void{VoidReason::foreign};"),
        ("damaged_stops",
         "case EnvelopeError::damaged: return Void{VoidReason::damaged};",
         "case EnvelopeError::damaged:\n"
         "        if (PLANTED) return Stop{StopReason::unknown_version};\n"
         "        return Void{VoidReason::damaged};"),
        ("unknown_version_is_void",
         "case EnvelopeError::unknown_version: return Stop{StopReason::unknown_version};",
         "case EnvelopeError::unknown_version:\n"
         "        if (PLANTED) return Void{VoidReason::damaged};\n"
         "        return Stop{StopReason::unknown_version};"),
        ("unknown_record_version_is_void",
         "if (has_unknown_version(record)) return",
         "if (!PLANTED && has_unknown_version(record)) return"),
        ("old_claim_applies",
         "if (epoch <= partition.epoch) return Void",
         "if (!PLANTED && epoch <= partition.epoch) return Void"),
        ("claim_ahead_applies",
         "if (epoch > partition.epoch + 1) return",
         "if (!PLANTED && epoch > partition.epoch + 1) return"),
        ("epoch_ahead_is_void",
         "if (envelope.epoch > partition.epoch) return",
         "if (!PLANTED && envelope.epoch > partition.epoch) return"),
        ("old_epoch_applies",
         "if (envelope.epoch < partition.epoch ||",
         "if ((!PLANTED && envelope.epoch < partition.epoch) ||"),
        ("other_writer_applies",
         "envelope.writer != partition.claimant)",
         "(!PLANTED && envelope.writer != partition.claimant))"),
        ("off_the_chain_applies",
         "if (header->base_position != tip.position + 1",
         "if (PLANTED) return Apply{};\n"
         "  if (header->base_position != tip.position + 1"),
        ("two_first_records",
         "  if (!header) return Void",
         "  if (PLANTED && header && header->base_position == 1) return Apply{};\n"
         "  if (!header) return Void"),
        ("second_genesis_applies",
         "[](const Genesis&) -> Verdict { return Void",
         "[](const Genesis&) -> Verdict { if (PLANTED) return Apply{}; return Void"),
        ("starts_without_genesis",
         "if (!partition.genesis) {",
         "if (!partition.genesis && !(PLANTED && !is_genesis)) {"),
        ("misplaced_applies",
         "if (partition_of(platform, genesis.partitions) == genesis.partition) return",
         "if (PLANTED || partition_of(platform, genesis.partitions) == genesis.partition) return"),
    ],
    "eventstore/applier.cpp": [
        ("undecodable_is_skipped",
         "    if (!events) {\n",
         "    if (!events && PLANTED) return false;\n"
         "    if (!events) {\n"),
    ],
    "eventstore/partition_writer.cpp": [
        ("answers_before_read_back",
         "  lost_.clear();\n  if (role_",
         "  lost_.clear();\n"
         "  if (PLANTED) {\n"
         "    for (auto& [hash, group] : in_flight_) {\n"
         "      ends.push_back({.group = std::move(group), .fate = Fate::applied});\n"
         "    }\n"
         "    in_flight_.clear();\n"
         "  }\n"
         "  if (role_"),
        ("own_by_position",
         "  auto mine = in_flight_.extract(*entry.record_hash);\n",
         "  auto mine = in_flight_.extract(*entry.record_hash);\n"
         "  if (PLANTED && is_applied && mine.empty()) {\n"
         "    const auto header =\n"
         "        decode_record_header(std::get<Group>(entry.envelope->body).record).value();\n"
         "    for (auto& [hash, group] : in_flight_) {\n"
         "      if (group->platform != header.platform ||\n"
         "          group->base_position != header.base_position) {\n"
         "        continue;\n"
         "      }\n"
         "      mine = in_flight_.extract(hash);\n"
         "      break;\n"
         "    }\n"
         "  }\n"),
        ("timer_settles",
         "  for (auto& [hash, group] : in_flight_) {\n    if (is_uncertain_) break;",
         "  if (PLANTED) {\n"
         "    for (auto& [hash, group] : in_flight_) {\n"
         "      ends.push_back({.group = std::move(group), .fate = Fate::applied});\n"
         "    }\n"
         "    in_flight_.clear();\n"
         "    return;\n"
         "  }\n"
         "  for (auto& [hash, group] : in_flight_) {\n    if (is_uncertain_) break;"),
        ("claim_does_not_wait",
         "  role_ = PartitionRole::claiming;\n",
         "  role_ = PLANTED ? PartitionRole::owning : PartitionRole::claiming;\n"),
    ],
    "eventstore/lane.cpp": [
        ("rejects_from_overlay",
         "  if (is_idle()) {\n    immediate.push_back",
         "  if (is_idle() || PLANTED) {\n    immediate.push_back"),
        ("accepts_after_leaving",
         "if (record && record->log != log_) {",
         "if (!PLANTED && record && record->log != log_) {"),
    ],
    "eventstore/moving.cpp": [
        ("keys_after_records",
         "    if (!fresh.empty()) {\n",
         "    if (PLANTED) ask([&] { to_.take(report_.platform, records); });\n"
         "    if (!fresh.empty()) {\n"),
        ("leaves_the_rest",
         "    close(target);\n",
         "    if (!PLANTED) close(target);\n"),
    ],
    "eventstore/sequencer.cpp": [
        ("zombie_rejects",
         "owning || !is_fresh_) return",
         "owning || (!is_fresh_ && !PLANTED)) return"),
    ],
    "eventstore/desk.cpp": [
        ("judges_before_after",
         "if (pending.submission.after > store_.tip(id).position) {",
         "if (!PLANTED && pending.submission.after > store_.tip(id).position) {"),
    ],
    "eventstore/keys.cpp": [
        ("missing_key_is_erased",
         "return std::unexpected(KeyFault::missing);\n    if (found",
         "{\n      return std::unexpected(PLANTED ? KeyFault::destroyed : KeyFault::missing);\n"
         "    }\n    if (found"),
    ],
    "projections/log_reader.cpp": [
        ("checkpoint_off_chain",
         "  if (checkpoint.next_offset > store.next_offset()) return",
         "  if (PLANTED) return std::nullopt;\n"
         "  if (checkpoint.next_offset > store.next_offset()) return"),
    ],
}


def plant(name, text):
    for mistake, place, instead in MISTAKES[name]:
        if text.count(place) != 1:
            sys.exit(f"{name}: the place of the mistake {mistake} is there {text.count(place)} "
                     "times; look at tests/simulation/plant.py")
        switch = f"simulation::is_planted(simulation::Mistake::{mistake})"
        text = text.replace(place, instead.replace("PLANTED", switch))
    return '#include "tests/simulation/mistakes.h"\n' + text


def main(root, out):
    for name in MISTAKES:
        target = pathlib.Path(out) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = plant(name, (pathlib.Path(root) / name).read_text(encoding="utf-8"))
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


main(*sys.argv[1:])
