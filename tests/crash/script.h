#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "eventstore/embedded.h"

/// A short fixed run of commands on two platforms, and what must hold of a store after a crash.
namespace meent::eventstore::crash {

/// Makes the submission anew, as a client that repeats would: same key and request, fresh key ids.
using Step = std::function<Submission(Embedded&)>;
std::vector<Step> script();

/// An answer that was given: by step, what it said.
using Acknowledged = std::map<std::size_t, Accepted>;

/// Runs the steps [from, to); stops at the first that is not accepted. True: all were.
/// Throws StorageError when the sequencer has failed.
bool run_steps(Embedded& embedded, std::size_t from, std::size_t to, Acknowledged& acknowledged);

/// Everything that was acknowledged is there as it was; keys that history uses are there; the
/// history verifies. Returns what is wrong, one line each.
std::vector<std::string> faults_of(const Embedded& embedded, const Acknowledged& acknowledged);
/// Repeats every step: those acknowledged get the same answer, and in the end each step has
/// happened once. Returns what is wrong.
std::vector<std::string> faults_of_repeating(Embedded& embedded, const Acknowledged& acknowledged);

}  // namespace meent::eventstore::crash
