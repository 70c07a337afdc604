#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace signalbox {

struct QueryParameter {
  std::string name, value;  ///< decoded
};

/// The parameters of a query string, one after the other.
class QueryString {
 public:
  explicit QueryString(std::string_view text) : rest_(text) {}
  bool over() const { return rest_.empty(); }
  /// The next parameter; only while it is not over. Nothing if that is not properly percent-encoded.
  std::optional<QueryParameter> take();

 private:
  std::string_view rest_;
};

}  // namespace signalbox
