#include "domain/form.h"

#include <gtest/gtest.h>

using namespace meent::domain;

namespace {

FormField field(FieldType type) {
  return {.name = "field",
          .label = "Veld",
          .type = type,
          .required = false,
          .longest = 30,
          .choices = type == FieldType::choice ? std::vector<std::string>{"ja", "nee"}
                                               : std::vector<std::string>{}};
}

}  // namespace

TEST(Form, EachTypeTakesItsOwnValues) {
  const struct {
    FieldType type;
    const char* value;
    bool taken;
  } rows[] = {
      {FieldType::line, "een regel", true},
      {FieldType::line, "twee\nregels", false},
      {FieldType::line, "twee\rregels", false},
      {FieldType::line, "een regel van meer dan dertig tekens", false},
      {FieldType::line, "ééééééééééééééééééééééééééééé!", true},
      {FieldType::place, "Dorpsplein 1", true},
      {FieldType::place, "Dorps\nplein", false},
      {FieldType::paragraph, "twee\nregels", true},
      {FieldType::paragraph, "een\nalinea van meer dan dertig tekens", false},
      {FieldType::number, "0", true},
      {FieldType::number, "-12.50", true},
      {FieldType::number, "12.", false},
      {FieldType::number, ".5", false},
      {FieldType::number, "1,5", false},
      {FieldType::number, "1e3", false},
      {FieldType::number, "-", false},
      {FieldType::number, "+1", false},
      {FieldType::number, "veel", false},
      {FieldType::date, "2024-02-29", true},
      {FieldType::date, "2023-02-29", false},
      {FieldType::date, "2023-13-01", false},
      {FieldType::date, "2023-00-10", false},
      {FieldType::date, "2023-1-1", false},
      {FieldType::date, "2023-01-0a", false},
      {FieldType::date, "2023/01/01", false},
      {FieldType::date, "-023-01-01", false},
      {FieldType::choice, "ja", true},
      {FieldType::choice, "Ja", false},
      {FieldType::choice, "misschien", false},
      {FieldType::link, "https://example.org/a?b=c", true},
      {FieldType::link, "http://example.org", true},
      {FieldType::link, "javascript:alert(1)", false},
      {FieldType::link, "https://", false},
      {FieldType::link, "https:///pad", false},
      {FieldType::link, "https://a b.nl", false},
      {FieldType::link, "example.org", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(is_value_of(field(row.type), row.value), row.taken)
        << static_cast<int>(row.type) << ' ' << row.value;
  }
}
