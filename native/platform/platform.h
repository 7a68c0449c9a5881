// The contract with the operating system: everything that native code asks of it, one body per system in the folders
// beside this file. No function allocates, throws, or changes errno, unless it says so.
//
// The letters behind each function say where it may be called: M before main (constructors of others included),
// D inside dlsym or the dynamic loader, S in a signal handler, F in the child of a fork of a threaded program.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "alloc8/detail/prefix.h"

namespace alloc8::platform {

// --- memory -----------------------------------------------------------------------------------------------------

// The page size in bytes. MDSF
std::size_t pageSize();
// `bytes` of zeroed memory at a multiple of `alignment` (a power of two); null when there is none. MDSF
void* mapPages(std::size_t bytes, std::size_t alignment);
// Gives whole pages back. MDSF
void unmapPages(void* p, std::size_t bytes);
// Drops the contents of whole pages; they read as zero afterwards. MDSF
void purgePages(void* p, std::size_t bytes);
// Addresses without memory behind them, at a multiple of `alignment`; null when there are none. MDSF
void* reservePages(std::size_t bytes, std::size_t alignment);
// Puts zeroed memory behind whole pages of what reservePages gave; false when there is none. MDSF
bool commitPages(void* p, std::size_t bytes);
// Makes whole pages addresses without memory again, as reservePages gave them, so that no limit counts them as data;
// false when the system cannot, and then they are as they were. MDSF
bool uncommitPages(void* p, std::size_t bytes);
// Makes whole pages inaccessible, keeping their contents, until commitPages; false when the system cannot. MDSF
bool protectPages(void* p, std::size_t bytes);
// Makes a mapping of `from` bytes one of `to` bytes, elsewhere if need be, with its contents; null when the system
// cannot, and then it is as it was. Both sizes are whole pages. MDSF
void* resizePages(void* p, std::size_t from, std::size_t to);
// Makes a mapping longer where it stands; false when the system cannot, and then it is as it was. Whole pages. MDSF
bool growPages(void* p, std::size_t from, std::size_t to);
// Moves the pages of a mapping of `from` bytes onto addresses that reservePages gave, `to` bytes long, without copying;
// false when the system cannot, and then both are as they were. MDSF
bool movePages(void* p, std::size_t from, void* target, std::size_t to);
// Has whole pages read as zero in every child of this process, however it is made; false when the system cannot. MDSF
bool wipeOnFork(void* p, std::size_t bytes);
// Asks for huge pages behind a mapping, or for none, where the system has such. MDSF
void preferHugePages(void* p, std::size_t bytes, bool huge);

// --- threads ----------------------------------------------------------------------------------------------------

// Sleeps while *word == expected; may wake early. MDS
void waitOn(std::atomic<std::uint32_t>* word, std::uint32_t expected);
// Wakes one sleeper. MDSF
void wakeOne(std::atomic<std::uint32_t>* word);
// Lets another thread run. MDSF
void yieldThread();
// Whether this process certainly has one thread only; false where libc does not tell. It stays true while the only
// thread is in code that starts none. MDSF
bool singleThreaded();
// How many processors this process may run on, at least 1. MDSF
std::size_t processorCount();

// --- process ----------------------------------------------------------------------------------------------------

// A variable of the environment, read without libc's locks; null when absent or when the process is secure-exec
// (setuid and the like), where the environment is not to be trusted. MSF
const char* earlyEnvironment(const char* name);
// Whether libc has set the environment up; before that, earlyEnvironment finds nothing. MDSF
bool environmentReady();
// Whether the process runs with more rights than who started it. MDSF
bool secureExecution();
std::int64_t processId();        // MDSF
std::int64_t parentProcessId();  // MDSF
std::int64_t threadId();         // the calling thread's number in the system; MDSF
std::int64_t userId();           // the effective user; MDSF
// A number for the root folder, another one after chroot and the like; 0 when unknown. MDSF
std::uint64_t rootIdentity();
// Whether a thread of this process with that number is no more. MDSF
bool threadHasEnded(std::int64_t thread);
// The environment as it is now; null when there is none. MDSF
char** currentEnvironment();
// Nanoseconds of a clock that never goes back. MDSF
std::uint64_t monotonicNs();
// What the calendar showed when the monotonic clock began, in nanoseconds since 1970: two readings are close to each
// other for as long as the machine has neither been started anew nor slept, nor its calendar been set. MDSF
std::uint64_t clockOriginNs();
// A count that goes up at one speed on all processors, read in a few nanoseconds, after all that was to be done before;
// nanoseconds where the processor has none such. MDSF
std::uint64_t ticks();
// Both clocks at one moment.
struct ClockPair {
  std::uint64_t ticks;
  std::uint64_t ns;
};
// Of a few readings the one that took the shortest. MDSF
ClockPair readClocks();
// The next definition of a symbol behind the library that calls (dlsym, RTLD_NEXT), null when there is none. M; takes
// the loader's lock and may allocate.
void* nextSymbol(const char* name);
// A symbol of the C++ runtime that the code at `caller` uses (it may be inside the caller's own library), else of any
// that is loaded, whatever its scope; null when none is. Never one of the calling library's own. M; takes the loader's
// lock and may allocate.
void* cxxRuntimeSymbol(const char* name, const void* caller);

// Opens a library for good beside what is there: nobody's symbols are bound to it. Null with the loader's own words in
// `problem` where that fails. M; takes the loader's lock and may allocate.
void* openLibrary(const char* path, const char** problem);
// What such a library itself defines by a name, null where it does not. M
void* librarySymbol(void* library, const char* name);

// What is loaded at an address.
struct LoadedObject {
  std::uintptr_t start;  // of its code, or of all of it
  std::uintptr_t end;
  std::uintptr_t bias;           // what is added to addresses in its file
  const char* name;              // as the loader has it: the path, empty for the executable
  const void* unwindTable;       // its .eh_frame_hdr; null when it has none
  std::uintptr_t readOnlyStart;  // the part in which that lies, with all that it leads to
  std::uintptr_t readOnlyEnd;
  bool isLoader;      // the dynamic loader itself
  const void* parts;  // its program headers; null when they are not to be found
  std::size_t partCount;
};
// Looks an address up without a lock (glibc 2.35 has a way); false where nothing is loaded there, or the system has no
// such way. MDSF
bool findLoadedObject(std::uintptr_t address, LoadedObject* object);
// Whether that way is there. MDSF
bool canFindLoadedObjects();
// Copies an object's build id; its length, 0 when it has none or `capacity` is too small. MDSF
std::size_t buildIdOf(const LoadedObject& object, void* buffer, std::size_t capacity);
// Whether the eight bytes at an address can be read; asks the kernel. MDSF
bool isReadable(std::uintptr_t address);
// The calling thread's name into `buffer` of 16 bytes, always terminated. MDSF
void threadName(char* buffer);

// Opens a hardware counter of this process and closes it again: 0 where that works, else the errno. M
int hardwareCounterError();

// --- files ------------------------------------------------------------------------------------------------------

// Writes all bytes to a descriptor, past short writes and interruptions; false on error. MDSF
bool rawWrite(int descriptor, const void* bytes, std::size_t count);
// Creates a file that must not exist, private to its owner, and writes `count` bytes; false on error, and then no file
// is left. Honours RLIMIT_FSIZE by looking before it writes. MF
bool writeNewFile(const char* path, const void* bytes, std::size_t count);
// A file in memory, shared with every process that maps it and with the children of this one.
struct SharedFile {
  void* memory;            // null: there is none
  std::size_t bytes;       // of the file; fewer than asked for where RLIMIT_FSIZE says so
  std::size_t readyBytes;  // of them have blocks on the disk; the others need populatePages before they are touched
};
// Creates a file that must not exist, private to its owner, zeroed, and maps it; on error no file is left, nor where
// less than `least` bytes of it are allowed. MF
SharedFile createSharedFile(const char* path, std::size_t bytes, std::size_t least = 1);
// Maps an existing regular file of exactly `bytes` bytes, shared and to read only; null where it is another, or cannot
// be opened. Follows no link in its last part. MF
const void* mapFile(const char* path, std::size_t bytes);
// Gets blocks on the disk for a part of a shared file; false where there are none (touching it would end the process)
// or where the kernel cannot tell. MSF
bool populatePages(void* p, std::size_t bytes);
// The folder that relative paths are relative to into `buffer`, always terminated; its length, 0 when unknown. MSF
std::size_t currentFolder(char* buffer, std::size_t capacity);
// The path of an open file into `buffer`, always terminated; its length, 0 when unknown. MSF
std::size_t pathOfDescriptor(int descriptor, char* buffer, std::size_t capacity);
// Whether a path names a regular file that this process may execute. MSF
bool isExecutable(const char* path);
// What came of reading a file.
enum class ReadOutcome { done, unreadable, notRegular, manyNames, tooLarge };
// Reads the regular file at `path`, of at most `capacity` bytes, into `buffer`. Follows no link in its last part, waits
// for nobody (a FIFO, a device), and refuses a file that has a second name: it may be somebody's. M
ReadOutcome readRegularFile(const char* path, void* buffer, std::size_t capacity, std::size_t* bytes);
// The path of the running executable into `buffer`, always terminated; its length, 0 when unknown. MSF
std::size_t executablePath(char* buffer, std::size_t capacity);
// Whether an executable file carries capabilities, which make the loader ignore LD_PRELOAD. M
bool hasFileCapabilities(const char* path);

}  // namespace alloc8::platform
