from src.core.pagination import KeysetPagination


class NewestFirst(KeysetPagination):
    ordering = ("-created_at", "-id")
