# Tasks of Celery that know nothing of Signalbox. REDIS_URL is broker and result backend.
import os
import signal
import time

from celery import Celery, Task
from celery.exceptions import Ignore

url = os.environ["REDIS_URL"]
app = Celery("celery_tasks", broker=url, backend=url)
app.conf.update(
    result_extended=True,
    task_track_started=True,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    result_serializer=os.environ.get("RESULT_SERIALIZER", "json"),
    result_accept_content=["json", "pickle"],
    result_backend_transport_options={"global_keyprefix": os.environ.get("KEYPREFIX", "")},
)


@app.task(bind=True)
def paint(self: Task, user_id, states=(), result=None):
    for state, meta in states:
        self.update_state(state=state, meta=meta)
    return result


@app.task
def nan(user_id):
    return float("nan")


@app.task
def fails(user_id, args=("no paper",)):
    raise ValueError(*args)


@app.task(bind=True, max_retries=2)
def tries(self: Task, user_id):
    if self.request.retries < 2:
        raise self.retry(exc=RuntimeError("not yet"), countdown=0)
    return "in the end"


@app.task(time_limit=1)
def slow(user_id):
    time.sleep(60)


@app.task
def dies(user_id):
    os.kill(os.getpid(), signal.SIGKILL)


@app.task
def ignored(user_id):
    raise Ignore()


@app.task
def add(numbers, user_id=None):
    return sum(numbers)
