#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/application.hpp"

namespace signalbox::net {

/// Parses request heads as they come in, strictly: each byte is looked at once, wherever the stream is cut.
///
/// thread  its connection's. Keeps the head's bytes until take_raw() or reset().
/// source  RFC 9112 §2–§6, without what it allows a lenient server (bare line feeds, folded fields).
class HeadParser {
 public:
  HeadParser(std::size_t max_bytes, std::size_t max_fields) : max_bytes_(max_bytes), max_fields_(max_fields) {}

  /// Takes bytes up to the end of the head; returns how many. After that done() or failed() may be true.
  std::size_t feed(std::string_view bytes);
  bool done() const { return state_ == State::done; }
  bool failed() const { return status_ != 0; }
  int status() const { return status_; }  ///< 400, 417, 431, 505: what to answer when failed()
  bool started() const { return !raw_.empty(); }
  /// What is kept of it: also once it is done, until it is taken.
  std::size_t partial_bytes() const { return raw_.size() + fields_.size() * sizeof(Field); }

  // Once done:
  const std::string& raw() const { return raw_; }
  RequestHead head(std::string_view raw) const;  ///< with views into `raw`, which holds the bytes of raw()
  RequestHead head() const { return head(raw_); }
  /// Hands the bytes over: nothing of the head is kept.
  std::string take_raw();
  bool http_1_1() const { return minor_; }  ///< else HTTP/1.0
  bool keep_alive() const { return keep_alive_; }
  bool chunked() const { return chunked_; }
  bool expects_continue() const { return expects_continue_; }
  void reset();

 private:
  enum class State : std::uint8_t {
    start,
    start_lf,
    method,
    target,
    version,
    line_lf,
    field_start,
    name,
    value_start,
    value,
    value_lf,
    end_lf,
    done
  };
  struct Field {
    std::uint32_t name, name_end, value, value_end;
  };

  bool step(unsigned char c);
  std::size_t take_plain(std::string_view bytes);
  bool step_line(unsigned char c);
  bool step_field(unsigned char c);
  bool fail(int status);
  bool finish();
  bool check_framing();
  bool check_connection();

  std::string raw_;
  std::vector<Field> fields_;
  std::size_t max_bytes_, max_fields_;
  std::uint32_t method_end_ = 0, target_end_ = 0, version_ = 0;
  std::uint64_t content_length_ = 0;
  State state_ = State::start;
  int status_ = 0;
  bool minor_ = true;  ///< HTTP/1.1
  bool keep_alive_ = true, chunked_ = false, expects_continue_ = false;
};

/// Takes the chunk framing off a body.
///
/// source  RFC 9112 §7.1
class ChunkedDecoder {
 public:
  /// Takes bytes, appends the body's to `body`, which may grow to `max_bytes`; returns how many were taken.
  std::size_t feed(std::string_view bytes, std::string& body, std::size_t max_bytes);
  bool done() const { return state_ == State::done; }
  int status() const { return status_; }  ///< 0, 400 or 413

 private:
  enum class State : std::uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf,
    done
  };

  bool step(unsigned char c, std::size_t room);
  bool fail(int status);

  std::uint64_t left_ = 0;
  std::uint32_t overhead_ = 0;  ///< bytes of extensions and trailers, which are bounded
  std::uint8_t digits_ = 0;
  State state_ = State::size;
  int status_ = 0;
};

/// Does the comma-separated list hold this token, whatever its case?
bool has_token(std::string_view list, std::string_view token);

}  // namespace signalbox::net
