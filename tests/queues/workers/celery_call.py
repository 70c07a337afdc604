# Carries out orders, a line of Python each: `paint.delay(user_id=42)`; prints the id of the task that it gives.
import sys

from celery import chain, chord, group  # noqa: F401

from celery_tasks import *  # noqa: F403

for line in sys.stdin:
    result = eval(line)
    print(getattr(result, "id", None), flush=True)
