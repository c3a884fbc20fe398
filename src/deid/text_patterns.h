#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace dosigate {

/// Calls `found(begin, end)` for every stretch of a folded text (fold_text) that is an identifier
/// whatever its words mean: e-mail, URL, dates with the month in letters, ages, numbers after
/// "prontuario" and the like, registrations of professionals, addresses, alphanumeric CNPJ.
/// Stretches may overlap. Time: linear in the text.
void for_each_identifier(std::string_view folded,
                         const std::function<void(std::size_t, std::size_t)>& found);

/// CPF with its two check digits, zeros in front possibly lost (9 to 11 digits).
bool is_cpf(std::string_view digits);
/// Cartao Nacional de Saude: 15 digits, weighted sum divisible by 11, begins with 1, 2, 7, 8 or 9.
bool is_cns(std::string_view digits);
/// CNPJ, since July 2026 with letters in its first twelve places (IN RFB 2.229/2024). Lower case.
bool is_cnpj(std::string_view folded);

}  // namespace dosigate
