#include "api/cli/cli.h"

/// The composition root. Consumers (mail, webhooks, publisher) are wired here once there are any.
int main(int argc, char** argv) {
  return meent::api::cli::run(argc, argv);
}
