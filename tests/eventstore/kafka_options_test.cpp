#include "eventstore/kafka_options.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/eventstore/scratch.h"

namespace meent::eventstore {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(KafkaConfig, GivesWhatItSaysAndPassesOverCommentsAndBlanks) {
  const auto found = parse_kafka_config(
      "# to the brokers\n\n"
      "security.protocol = sasl_ssl\r\n"
      "sasl.mechanism=SCRAM-SHA-512\n"
      "sasl.username=meent\n"
      "  sasl.password=a=b c\n"
      "ssl.ca.location=/etc/meent/ca.pem",
      "file");
  const Pairs expected = {{"security.protocol", "sasl_ssl"},
                          {"sasl.mechanism", "SCRAM-SHA-512"},
                          {"sasl.username", "meent"},
                          {"sasl.password", "a=b c"},
                          {"ssl.ca.location", "/etc/meent/ca.pem"}};
  EXPECT_EQ(found, expected);
}

struct Wrong {
  const char* text;
  const char* says;
};

TEST(KafkaConfig, SaysWhatIsWrongAndWhere) {
  const Wrong wrongs[] = {
      {"nonsense", "file:1: is not a line of the form name=value"},
      {"\nclient.id", "file:2"},
      {"client.id=", "has no value"},
      {"client.id=a\nclient.id=b", "file:2: client.id was given before"},
      {"client.idd=a", "client.idd is not an option. These are: security.protocol,"},
      {"security.protocol=tls", "plaintext, ssl, sasl_plaintext or sasl_ssl, not 'tls'"},
      {"sasl.mechanism=GSSAPI", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"},
      {"acks=1", "acks may not be set"},
      {"enable.idempotence=false", "may not be set"},
      {"auto.offset.reset=latest", "may not be set"},
      {"isolation.level=read_committed", "may not be set"},
      {"message.timeout.ms=1", "may not be set"},
      {"socket.timeout.ms=1", "may not be set"},
      {"bootstrap.servers=x:1", "named with --kafka"},
      {"enable.ssl.certificate.verification=false", "any machine could pass for a broker"},
      {"ssl.endpoint.identification.algorithm=none", "any machine could pass for a broker"},
      {"plugin.library.paths=/tmp/x.so", "loads code into this process"},
      {"sasl.kerberos.kinit.cmd=rm", "runs commands"},
      {"debug=all", "would write what people wrote"},
      {"test.mock.num.brokers=3", "make-believe"},
      {"security.protocol=sasl_ssl", "needs sasl.mechanism"},
      {"security.protocol=sasl_ssl\nsasl.mechanism=PLAIN\nsasl.username=a", "sasl.password"},
      {"sasl.username=a", "needs security.protocol=sasl_ssl"},
      {"security.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\nsasl.username=a\nsasl.password=b",
       "the password would travel"},
      {"ssl.ca.location=/x", "needs security.protocol=ssl"},
  };
  for (const auto& wrong : wrongs) {
    SCOPED_TRACE(wrong.text);
    try {
      parse_kafka_config(wrong.text, "file");
      ADD_FAILURE() << "it was taken";
    } catch (const StartRefused& refused) {
      EXPECT_NE(std::string(refused.what()).find(wrong.says), std::string::npos) << refused.what();
    }
  }
}

TEST(KafkaConfig, APasswordThatOthersMayReadIsRefused) {
  const ScratchFolder scratch;
  const auto file = scratch.path() / "kafka.conf";
  std::ofstream(file) << "security.protocol=sasl_plaintext\nsasl.mechanism=SCRAM-SHA-256\n"
                         "sasl.username=meent\nsasl.password=secret\n";
  ::chmod(file.c_str(), 0644);
  try {
    read_kafka_config(file);
    ADD_FAILURE() << "it was taken";
  } catch (const StartRefused& refused) {
    EXPECT_NE(std::string(refused.what()).find("chmod 600"), std::string::npos) << refused.what();
  }
  ::chmod(file.c_str(), 0600);
  EXPECT_EQ(read_kafka_config(file).size(), 4U);
  EXPECT_THROW(read_kafka_config(scratch.path() / "absent"), StartRefused);
}

TEST(KafkaOptions, AddressPrefixAndCopiesAreChecked) {
  const KafkaOptions good{.bootstrap = "localhost:9092", .client = {}};
  check_kafka_options(good);
  EXPECT_EQ(good.log_topic(), "meent.log");
  for (const std::string prefix : {"", "a b", "../x", "é"}) {
    auto bad = good;
    bad.topic_prefix = prefix;
    EXPECT_THROW(check_kafka_options(bad), StartRefused) << prefix;
  }
  auto bad = good;
  bad.bootstrap = "";
  EXPECT_THROW(check_kafka_options(bad), StartRefused);
  bad = good;
  bad.replication = 0;
  EXPECT_THROW(check_kafka_options(bad), StartRefused);
}

/// What docs/kafka.md says may be set is what may be set.
TEST(KafkaOptions, TheDocumentationListsEachThatMayBeGiven) {
  std::ifstream in(std::string(MEENT_SOURCE_DIR) + "/docs/kafka.md");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  for (const auto& [name, what] : allowed_kafka_options()) {
    const auto row = "| `" + std::string(name) + "` | " + std::string(what) + " |";
    EXPECT_NE(text.find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace meent::eventstore
