#include "core/units.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace joulemark {
namespace {

template <class A, class B>
concept Addable = requires(A a, B b) { a + b; };
template <class A, class B>
concept Subtractable = requires(A a, B b) { a - b; };
template <class A, class B>
concept Comparable = requires(A a, B b) { a < b; };

static_assert(Addable<Watts, Watts>);
static_assert(!Addable<Watts, Joules>);
static_assert(!Addable<Watts, double>);
static_assert(!Addable<Seconds, Hertz>);
static_assert(!Subtractable<Joules, Watts>);
static_assert(Comparable<Joules, Joules>);
static_assert(!Comparable<Joules, Watts>);
static_assert(!Comparable<Watts, double>);

// A number becomes a quantity only when its unit is named, and a quantity is never a number by
// itself.
static_assert(!std::is_convertible_v<double, Watts>);
static_assert(!std::is_convertible_v<Watts, double>);
static_assert(std::is_constructible_v<Watts, double>);
static_assert(!std::is_constructible_v<Watts, Joules>);

static_assert(std::is_same_v<decltype(Watts{} * Seconds{}), Joules>);
static_assert(std::is_same_v<decltype(Joules{} / Seconds{}), Watts>);
static_assert(std::is_same_v<decltype(Joules{} / Watts{}), Seconds>);
static_assert(std::is_same_v<decltype(Watts{} / Watts{}), double>);
static_assert(std::is_same_v<decltype(Watts{} / Seconds{}), WattsPerSecond>);
static_assert(std::is_same_v<decltype(1.0 / Seconds{}), Hertz>);
static_assert(std::is_same_v<decltype(Seconds{} * Hertz{}), double>);
static_assert(std::is_same_v<decltype(KelvinsPerWatt{} * Watts{}), Kelvins>);
static_assert(std::is_same_v<decltype(Bytes{} / Seconds{}), BytesPerSecond>);

// Two temperatures have a difference but no sum.
static_assert(std::is_same_v<decltype(Celsius{} - Celsius{}), Kelvins>);
static_assert(!Addable<Celsius, Celsius>);
static_assert(Addable<Celsius, Kelvins>);
static_assert(!Addable<Celsius, Watts>);

TEST(Units, PowerTimesTimeIsEnergy) {
    EXPECT_EQ(350_W * 2_s, 700_J);
    EXPECT_EQ(700_J / 2_s, 350_W);
    EXPECT_DOUBLE_EQ((700_J / 350_W).value(), 2.0);
    EXPECT_DOUBLE_EQ(600_W / 400_W, 1.5);
}

TEST(Units, ScaleAndAccumulate) {
    Watts w = 100_W;
    w += 50_W;
    w -= 30_W;
    w *= 2.0;
    w /= 4.0;
    EXPECT_EQ(w, 60_W);
    EXPECT_EQ(-w, Watts{-60.0});
    EXPECT_EQ(0.5 * w, w / 2.0);
}

TEST(Units, CompareByValue) {
    EXPECT_LT(100_W, 200_W);
    EXPECT_GE(2_s, 2000_ms);
    EXPECT_DOUBLE_EQ((25.5_ms).value(), 0.0255);
    EXPECT_NE(1_J, 2_J);
}

TEST(Units, TemperatureDifferencesAreKelvins) {
    EXPECT_EQ(Celsius{75.0} - Celsius{30.0}, Kelvins{45.0});
    EXPECT_EQ(Celsius{30.0} + Kelvins{45.0}, Celsius{75.0});
    EXPECT_DOUBLE_EQ(((Kelvins{45.0} / 700_W) * 350_W).value(), 22.5);
}

} // namespace
} // namespace joulemark
