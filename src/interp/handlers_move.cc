// Handlers of moves, constants, selects and globals.
#include <array>
#include <utility>

#include "interp/keys.h"
#include "interp/steps.h"

namespace ashlar::interp {
namespace {

template <bool wide, size_t... I>
constexpr auto movs(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{
      &linear<Mov<wide, static_cast<Dst>(I / kSrcCount), static_cast<Src>(I % kSrcCount)>>...};
}
template <bool wide, size_t... I>
constexpr auto slot_movs(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<MovS<wide, static_cast<Src>(I)>>...};
}
template <size_t... I>
constexpr auto const64s(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<Const64<static_cast<Dst>(I)>>...};
}
template <class T, size_t... I>
constexpr auto float_movs(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<FMov<T, static_cast<FDst>(I / 3), static_cast<FSrc>(I % 3)>>...};
}
inline constexpr Src kSelectSrc[] = {Src::S, Src::C, Src::R};
template <size_t... I>
constexpr auto selects(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<
      Select<static_cast<Dst>(I / 18), kSelectSrc[I / 6 % 3], kSelectSrc[I / 2 % 3], static_cast<Src>(I % 2)>>...};
}
template <class T, size_t... I>
constexpr auto float_selects(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<FSelect<T, static_cast<FDst>(I / 8), static_cast<FSrc>(I / 4 % 2),
                                                           static_cast<FSrc>(I / 2 % 2), static_cast<Src>(I % 2)>>...};
}
template <size_t... I>
constexpr auto global_gets(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<GlobalGet<static_cast<Dst>(I)>>...};
}
template <size_t... I>
constexpr auto global_sets(std::index_sequence<I...>) {
  return std::array<Handler, sizeof...(I)>{&linear<GlobalSet<static_cast<Src>(I)>>...};
}
template <size_t n>
using Seq = std::make_index_sequence<n>;

constexpr std::array kMov = {movs<false>(Seq<30>{}), movs<true>(Seq<30>{})};
constexpr std::array kMovS = {slot_movs<false>(Seq<6>{}), slot_movs<true>(Seq<6>{})};
constexpr auto kConst64 = const64s(Seq<5>{});
constexpr std::array kFMov = {float_movs<float>(Seq<6>{}), float_movs<double>(Seq<6>{}), float_movs<V128>(Seq<6>{})};
constexpr auto kSelect = selects(Seq<36>{});
constexpr std::array kFSelect = {float_selects<float>(Seq<16>{}), float_selects<double>(Seq<16>{}),
                                 float_selects<V128>(Seq<16>{})};
constexpr auto kGlobalGet = global_gets(Seq<5>{});
constexpr auto kGlobalSet = global_sets(Seq<6>{});

}  // namespace

Handler move_handler(Key key) {
  uint32_t op = op_of(key), i = index_of(key);
  switch (kind_of(key)) {
    case StepKind::Mov:
      return kMov[op][i];
    case StepKind::MovS:
      return kMovS[op][i];
    case StepKind::Const64:
      return i == kDstCount ? &linear<Const64S> : kConst64[i];
    case StepKind::FMov:
      return kFMov[op][i];
    case StepKind::VMovS:
      return i == 0 ? &linear<VMovS> : &linear<VConstS>;
    case StepKind::Select:
      return kSelect[i];
    case StepKind::FSelect:
      return kFSelect[op][i];
    case StepKind::GlobalGet:
      return kGlobalGet[i];
    case StepKind::GlobalSet:
      return kGlobalSet[i];
    default:
      return nullptr;
  }
}

}  // namespace ashlar::interp
