"""A queue worker in Python, with nothing but its standard library: python3 worker.py USER JOB.

API_KEY and SIGNALBOX_URL come from the environment.
"""
import json
import os
import sys
import urllib.error
import urllib.request

URL = os.environ.get("SIGNALBOX_URL", "http://localhost:3000")


def emit_to_user(user_id, event, data, idempotency_key=None):
    """Sends one event to every browser of a user; tells whether the user has one."""
    headers = {"Authorization": f"Bearer {os.environ['API_KEY']}", "Content-Type": "application/json"}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    body = json.dumps({"userId": user_id, "event": event, "data": data}).encode()
    request = urllib.request.Request(f"{URL}/api/emit", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)["online"] > 0
    except urllib.error.HTTPError as refused:
        raise RuntimeError(f"{refused.code}: {json.load(refused)['error']}") from refused


def generate_image(job_id):
    """Stands for your own work."""
    return {"imageUrl": f"https://example.com/{job_id}.png", "width": 512, "height": 512}


def main():
    user_id, job_id = sys.argv[1:]
    try:
        emit_to_user(user_id, "job_progress", {"jobId": job_id, "progress": 10, "status": "initializing"})
        emit_to_user(user_id, "job_progress", {"jobId": job_id, "progress": 50, "status": "generating"})
        result = generate_image(job_id)
    except Exception as error:
        emit_to_user(user_id, "job_failed", {"jobId": job_id, "error": str(error)}, f"{job_id}-failed")
        raise
    if not emit_to_user(user_id, "job_completed", {"jobId": job_id, "result": result}, f"{job_id}-completed"):
        print(f"{user_id} is offline: time for an e-mail")


main()
