// Standard output of a program, read as a response: its head is checked, its body handed on as it comes.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "http/parser.h"
#include "wasi/host/pipe.h"

namespace ashlar::serve {

class ProgramOutput final : public wasi::host::Pipe {
 public:
  /// What happens on the other end. A redirect is a path that is to be answered in place of this response.
  struct Events {
    std::function<void(wasi::host::HttpResponse)> respond;
    std::function<void(std::string path)> redirect;
    std::function<void()> on_room;
  };
  /// `is_head`: no body follows a length.
  ProgramOutput(bool is_head, Events events);
  ~ProgramOutput() override;

  bool ready() const override;
  size_t available() const override { return 0; }
  wasi::host::HostResult<size_t> transfer(std::span<const os::Buffer> buffers) override;

  /// The program has ended, by itself or not: a body without an end of its own ends, or fails.
  void end(bool by_itself);

  /// Whether all of the response is there.
  bool written() const { return state_ == State::Done; }

  // Afterwards.
  enum class Outcome : uint8_t { Nothing, Half, Whole };
  Outcome outcome() const;
  /// What is wrong with it; empty: nothing.
  const std::string& malformed() const { return malformed_; }
  /// Whether the program was ended because nobody reads what it writes.
  bool unread() const { return unread_; }

 private:
  enum class State : uint8_t { Head, Body, Done };
  size_t take_head(std::string_view bytes);
  void read_head(size_t size);
  void take_body(std::string_view bytes);
  void feed(std::string_view bytes);
  void refuse(std::string why);
  wasi::host::HostResult<size_t> take(std::string_view bytes);

  const bool is_head_;
  Events events_;
  State state_ = State::Head;
  std::string head_;   ///< as far as it is there; then what the parser wants more of
  size_t beyond_ = 0;  ///< bytes behind the response
  bool unread_ = false;
  std::string malformed_;
  http::ResponseParser parser_;
  wasi::host::SharedHttpBody body_;
};

}  // namespace ashlar::serve
