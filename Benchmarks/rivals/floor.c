// What a broadcast costs at least: a bare epoll loop that writes the same bytes to every socket but the sender's, one system
// call a delivery, and knows of no protocol. Its generator is a process of its own, which sends when all have the last message.
//
//     floor CLIENTS BYTES SECONDS SERVER_CORE GENERATOR_CORE
//
// Prints the deliveries and the processor seconds of the server's side.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void check(int result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static void pin(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  check(sched_setaffinity(0, sizeof cores, &cores), "sched_setaffinity");
}

static void no_delay(int socket) {
  int on = 1;
  check(setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
}

static void watch(int epoll, int socket, int index) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)index};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event), "epoll_ctl");
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

// Sends one message when all others have the last, until time is up; then closes everything.
static void generate(int port, int clients, int bytes, double seconds) {
  int *sockets = calloc((size_t)clients, sizeof *sockets);
  int epoll = epoll_create1(0);
  char *buffer = malloc(65536);
  struct epoll_event events[256];
  for (int i = 0; i < clients; i++) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    check(sockets[i] = socket(AF_INET, SOCK_STREAM, 0), "socket");
    check(connect(sockets[i], (struct sockaddr *)&address, sizeof address), "connect");
    no_delay(sockets[i]);
    watch(epoll, sockets[i], i);
  }
  memset(buffer, 'x', 65536);
  double end = now() + seconds;
  while (now() < end) {
    check((int)write(sockets[0], buffer, 100), "write");
    long left = (long)bytes * (clients - 1);
    while (left > 0) {
      int count = epoll_wait(epoll, events, 256, -1);
      for (int i = 0; i < count; i++) left -= read(sockets[events[i].data.u32], buffer, 65536);
    }
  }
  exit(0);
}

int main(int argc, char **argv) {
  if (argc != 6) return fprintf(stderr, "floor CLIENTS BYTES SECONDS SERVER_CORE GENERATOR_CORE\n"), 2;
  int clients = atoi(argv[1]), bytes = atoi(argv[2]);
  signal(SIGPIPE, SIG_IGN);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  check(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
  check(listen(listener, clients), "listen");
  check(getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
  if (fork() == 0) {
    pin(atoi(argv[5]));
    generate(ntohs(address.sin_port), clients, bytes, atof(argv[3]));
  }
  pin(atoi(argv[4]));
  int *sockets = calloc((size_t)clients, sizeof *sockets);
  int epoll = epoll_create1(0);
  char *message = malloc((size_t)bytes), buffer[65536];
  memset(message, 'x', (size_t)bytes);
  for (int i = 0; i < clients; i++) {
    check(sockets[i] = accept(listener, NULL, NULL), "accept");
    no_delay(sockets[i]);
    watch(epoll, sockets[i], i);
  }
  long deliveries = 0;
  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  for (int is_open = 1; is_open;) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; i++) {
      int sender = (int)events[i].data.u32;
      if (read(sockets[sender], buffer, sizeof buffer) <= 0) {
        is_open = 0;
        break;
      }
      for (int j = 0; j < clients; j++) {
        if (j != sender && write(sockets[j], message, (size_t)bytes) == bytes) deliveries++;
      }
    }
  }
  getrusage(RUSAGE_SELF, &after);
  double cpu = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) + (after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
    1e-6 * ((after.ru_utime.tv_usec - before.ru_utime.tv_usec) + (after.ru_stime.tv_usec - before.ru_stime.tv_usec));
  printf("{\"deliveries\": %ld, \"cpu\": %.6f, \"deliveriesPerServerCPUSecond\": %.1f}\n", deliveries, cpu, deliveries / cpu);
  wait(NULL);
  return 0;
}
