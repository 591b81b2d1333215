import Foundation

extension Thread {
  /// Does `body` on a thread that no signal reaches: signals are the business of the process's first thread.
  package static func detachDeaf(_ body: @escaping @Sendable () -> Void) {
    var all = sigset_t(), before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    detachNewThread(body)
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }
}
