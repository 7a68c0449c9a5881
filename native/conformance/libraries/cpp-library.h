// What the library gives and takes.
#pragma once

#include <memory>
#include <string>
#include <vector>

std::unique_ptr<std::string> library_text(size_t length);
std::vector<std::string> library_words(size_t count);
void library_takes(std::unique_ptr<std::string> text);
