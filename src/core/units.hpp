// Strong types for physical quantities, in SI. `Watts * Seconds` is `Joules`; `Watts + Joules` does
// not compile. Vendor units (mW, mJ, MHz, µJ) are converted inside the back-end that read them and
// nowhere else. Values only; every function is constexpr and safe from any thread.
//
//     Joules energy = 350_W * 2_s;          // 700 J
//     double seconds = (energy / 100_W).value();
#pragma once

#include <compare>
#include <cstdint>

namespace joulemark {

// A quantity of dimension joule^E * second^T * kelvin^K * byte^B, held as a double in those units.
template <int E, int T, int K = 0, int B = 0> class Quantity {
public:
    constexpr Quantity() = default;
    constexpr explicit Quantity(double si_value) : value_(si_value) {}

    [[nodiscard]] constexpr double value() const { return value_; }

    constexpr Quantity& operator+=(Quantity other) {
        value_ += other.value_;
        return *this;
    }
    constexpr Quantity& operator-=(Quantity other) {
        value_ -= other.value_;
        return *this;
    }
    constexpr Quantity& operator*=(double factor) {
        value_ *= factor;
        return *this;
    }
    constexpr Quantity& operator/=(double divisor) {
        value_ /= divisor;
        return *this;
    }

    friend constexpr Quantity operator+(Quantity a, Quantity b) {
        return Quantity{a.value_ + b.value_};
    }
    friend constexpr Quantity operator-(Quantity a, Quantity b) {
        return Quantity{a.value_ - b.value_};
    }
    friend constexpr Quantity operator-(Quantity a) { return Quantity{-a.value_}; }
    friend constexpr Quantity operator*(Quantity a, double factor) {
        return Quantity{a.value_ * factor};
    }
    friend constexpr Quantity operator*(double factor, Quantity a) {
        return Quantity{a.value_ * factor};
    }
    friend constexpr Quantity operator/(Quantity a, double divisor) {
        return Quantity{a.value_ / divisor};
    }
    friend constexpr auto operator<=>(Quantity, Quantity) = default;

private:
    double value_ = 0.0;
};

template <int E1, int T1, int K1, int B1, int E2, int T2, int K2, int B2>
constexpr auto operator*(Quantity<E1, T1, K1, B1> a, Quantity<E2, T2, K2, B2> b) {
    if constexpr (E1 + E2 == 0 && T1 + T2 == 0 && K1 + K2 == 0 && B1 + B2 == 0) {
        return a.value() * b.value();
    } else {
        return Quantity<E1 + E2, T1 + T2, K1 + K2, B1 + B2>{a.value() * b.value()};
    }
}

// A quotient of like quantities is a plain number.
template <int E1, int T1, int K1, int B1, int E2, int T2, int K2, int B2>
constexpr auto operator/(Quantity<E1, T1, K1, B1> a, Quantity<E2, T2, K2, B2> b) {
    if constexpr (E1 == E2 && T1 == T2 && K1 == K2 && B1 == B2) {
        return a.value() / b.value();
    } else {
        return Quantity<E1 - E2, T1 - T2, K1 - K2, B1 - B2>{a.value() / b.value()};
    }
}

template <int E, int T, int K, int B> constexpr auto operator/(double a, Quantity<E, T, K, B> b) {
    return Quantity<-E, -T, -K, -B>{a / b.value()};
}

using Joules = Quantity<1, 0>;
using Seconds = Quantity<0, 1>;
using Watts = Quantity<1, -1>;
using WattsPerSecond = Quantity<1, -2>;
using Hertz = Quantity<0, -1>;
using Kelvins = Quantity<0, 0, 1>; // a temperature difference
using KelvinsPerWatt = Quantity<-1, 1, 1>;
using Bytes = Quantity<0, 0, 0, 1>;
using BytesPerSecond = Quantity<0, -1, 0, 1>;

// A temperature on the Celsius scale: differences are `Kelvins`, sums of two temperatures do not
// exist.
class Celsius {
public:
    constexpr Celsius() = default;
    constexpr explicit Celsius(double degrees) : degrees_(degrees) {}

    [[nodiscard]] constexpr double value() const { return degrees_; }

    friend constexpr Kelvins operator-(Celsius a, Celsius b) {
        return Kelvins{a.degrees_ - b.degrees_};
    }
    friend constexpr Celsius operator+(Celsius a, Kelvins b) {
        return Celsius{a.degrees_ + b.value()};
    }
    friend constexpr auto operator<=>(Celsius, Celsius) = default;

private:
    double degrees_ = 0.0;
};

inline namespace literals {
constexpr Watts operator""_W(long double v) { return Watts{static_cast<double>(v)}; }
constexpr Watts operator""_W(unsigned long long v) { return Watts{static_cast<double>(v)}; }
constexpr Joules operator""_J(long double v) { return Joules{static_cast<double>(v)}; }
constexpr Joules operator""_J(unsigned long long v) { return Joules{static_cast<double>(v)}; }
constexpr Seconds operator""_s(long double v) { return Seconds{static_cast<double>(v)}; }
constexpr Seconds operator""_s(unsigned long long v) { return Seconds{static_cast<double>(v)}; }
constexpr Seconds operator""_ms(long double v) { return Seconds{static_cast<double>(v) * 1e-3}; }
constexpr Seconds operator""_ms(unsigned long long v) {
    return Seconds{static_cast<double>(v) * 1e-3};
}
} // namespace literals

} // namespace joulemark
